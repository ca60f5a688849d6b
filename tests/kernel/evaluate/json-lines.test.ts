import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { readJsonLines } from '../../../kernel/evaluate/json-lines.js';

it('reads values however the bytes are cut', async () => {
  const values = [{ a: 1 }, { text: 'ä😀\u2028b' }, [1, 2]];
  const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  for (const size of [1, 3, 7, bytes.length]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_c, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    const stream = Readable.from(chunks, { objectMode: false });
    const seen: unknown[] = [];
    readJsonLines(stream, (value) => seen.push(value));
    await new Promise((resolve) => stream.on('end', resolve));
    expect(seen).toEqual(values);
  }
});

it('leaves out a line that was cut', async () => {
  const stream = Readable.from([Buffer.from('{"a":\n{"b":1}\n\n[2]\n')], { objectMode: false });
  const seen: unknown[] = [];
  readJsonLines(stream, (value) => seen.push(value));
  await new Promise((resolve) => stream.on('end', resolve));
  expect(seen).toEqual([{ b: 1 }, [2]]);
});
