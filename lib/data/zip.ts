import { crc32 } from 'node:zlib';
import { openPromise } from 'yauzl';
import { DataError } from '../core/errors.js';

/**
 * Reads the files of a zip whose names `wanted` accepts, by name, in the order of the archive. Sizes and checksums are
 * compared with the archive's own.
 *
 * @throws DataError when the archive is absent, cut or damaged.
 * @example const files = await readZip('images.zip', (name) => name.endsWith('.png'));
 */
export async function readZip(zip: string, wanted: (name: string) => boolean): Promise<Map<string, Buffer>> {
  try {
    const archive = await openPromise(zip);
    const files = new Map<string, Buffer>();
    try {
      for await (const entry of archive.eachEntry()) {
        if (entry.fileName.endsWith('/') || !wanted(entry.fileName)) continue;
        const parts: Buffer[] = [];
        for await (const part of await archive.openReadStreamPromise(entry)) parts.push(part as Buffer);
        const bytes = Buffer.concat(parts);
        if (crc32(bytes) !== entry.crc32) throw new Error(`the checksum of ${entry.fileName} is another`);
        files.set(entry.fileName, bytes);
      }
    } finally {
      archive.close();
    }
    return files;
  } catch (cause) {
    throw new DataError(
      {
        asked: zip,
        wrong: `the archive cannot be read: ${(cause as Error).message.replace(/\.$/, '')}`,
        expected: 'a whole zip file',
        next: 'Get the file again.',
      },
      { cause },
    );
  }
}
