import { DataError } from '../core/errors.js';
import { readZip } from './zip.js';

/** An array of unsigned bytes as NumPy stores it. */
interface ByteArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Reads one array of unsigned bytes from an .npz archive (a zip of .npy files), `arr_0` being the name that `numpy.savez`
 * gives to the first without a name.
 *
 * @throws DataError when the archive is absent, cut or damaged, or the array is absent or of another type.
 */
export async function readNpz(file: string, name = 'arr_0'): Promise<ByteArray> {
  const bytes = (await readZip(file, (entry) => entry === `${name}.npy`)).get(`${name}.npy`);
  if (bytes) return parseNpy(`${file}, ${name}`, bytes);
  throw new DataError({ asked: file, wrong: 'the archive has no such array', got: name });
}

/**
 * The .npy format, versions 1 to 3: the bytes 93 "NUMPY", the version, the length of the header (2 bytes, from version 2 on 4),
 * a Python dictionary, then the numbers.
 */
export function parseNpy(asked: string, bytes: Buffer): ByteArray {
  if (bytes.length < 12 || bytes.toString('latin1', 0, 6) !== '\x93NUMPY')
    throw new DataError({
      asked,
      wrong: 'not a .npy file',
      got: bytes.toString('latin1', 0, 6),
      expected: '\\x93NUMPY',
    });
  const wide = bytes[6]! > 1;
  const start = wide ? 12 + bytes.readUInt32LE(8) : 10 + bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', wide ? 12 : 10, start);
  const type = /'descr': '([^']*)'/.exec(header)?.[1];
  const dimensions = /'shape': \(([\d, ]*)\)/.exec(header)?.[1];
  if (type !== '|u1' || dimensions === undefined || !header.includes("'fortran_order': False"))
    throw new DataError({
      asked,
      wrong: 'not an array of unsigned bytes in C order',
      got: header.trim(),
      expected: "'descr': '|u1', 'fortran_order': False and a shape",
    });
  const shape = dimensions
    .split(',')
    .filter((length) => length.trim() !== '')
    .map(Number);
  const size = shape.reduce((product, length) => product * length, 1);
  if (bytes.length !== start + size)
    throw new DataError({
      asked,
      wrong: 'the array is cut or too long',
      got: bytes.length - start,
      expected: `${size} bytes for [${shape.join(', ')}]`,
      next: 'Get the file again.',
    });
  return { shape, data: new Uint8Array(bytes.buffer, bytes.byteOffset + start, size) };
}
