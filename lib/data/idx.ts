import { readFile } from 'node:fs/promises';
import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import { DataError } from '../core/errors.js';

/** An IDX file (the format of MNIST): unsigned bytes in an array of some shape. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Reads an IDX file of unsigned bytes, gzipped or plain: two zero bytes, type 8, the number of dimensions, each
 * dimension as a big-endian 32-bit number, then the bytes.
 *
 * @throws DataError when the file is cut, damaged or of another kind.
 */
export async function readIdx(file: string): Promise<IdxArray> {
  const bytes = await unpack(file, await readFile(file));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dimensions = bytes.length >= 4 && view.getUint16(0) === 0 && bytes[2] === 8 ? bytes[3]! : 0;
  const start = 4 + 4 * dimensions;
  if (dimensions === 0 || bytes.length < start)
    throw new DataError({
      asked: file,
      wrong: 'not an IDX file of bytes',
      got: [...bytes.subarray(0, 4)],
      expected: 'the bytes 0, 0, 8 and the number of dimensions',
    });
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((product, length) => product * length, 1);
  if (bytes.length !== start + size)
    throw new DataError({
      asked: file,
      wrong: 'the file is cut or too long',
      got: bytes.length - start,
      expected: `${size} bytes for [${shape.join(', ')}]`,
      next: 'Get the file again.',
    });
  return { shape, data: bytes.subarray(start) };
}

async function unpack(file: string, bytes: Buffer): Promise<Buffer> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await promisify(gunzip)(bytes);
  } catch (cause) {
    throw new DataError(
      { asked: file, wrong: 'the gzip stream is damaged', got: `${bytes.length} bytes`, next: 'Get the file again.' },
      { cause },
    );
  }
}
