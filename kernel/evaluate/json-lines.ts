import type { Readable } from 'node:stream';

/**
 * Reads one JSON value a line; a line that is none (its writer was interrupted) is left out. (Node's readline also
 * splits at U+2028, which may stand inside JSON.)
 */
export function readJsonLines<T>(stream: Readable, onValue: (value: T) => void): void {
  let parts: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end));
      const line = Buffer.concat(parts).toString('utf8');
      parts = [];
      start = end + 1;
      const value = parse(line);
      if (value !== undefined) onValue(value as T);
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
