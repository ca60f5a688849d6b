import { DataError } from '../core/errors.js';
import { readZip } from './zip.js';

/** The element types that are read, by NumPy's names, all little-endian or single bytes. */
const elements = {
  '|u1': Uint8Array,
  '|b1': Uint8Array,
  '|i1': Int8Array,
  '<i2': Int16Array,
  '<u2': Uint16Array,
  '<i4': Int32Array,
  '<u4': Uint32Array,
  '<i8': BigInt64Array,
  '<u8': BigUint64Array,
  '<f4': Float32Array,
  '<f8': Float64Array,
} as const;

type ElementType = keyof typeof elements;

/** An array as NumPy stores it. */
export interface NumpyArray<Type extends ElementType = ElementType> {
  readonly type: Type;
  readonly shape: readonly number[];
  readonly data: InstanceType<(typeof elements)[Type]>;
}

const allTypes = Object.keys(elements) as ElementType[];

/**
 * Reads one array of an .npz archive (a zip of .npy files), `arr_0` being the name that `numpy.savez` gives to the first without
 * a name.
 *
 * @param types the element types that the caller can take; bytes when left out.
 * @throws DataError when the archive is absent, cut or damaged, or the array is absent or of another type.
 */
export async function readNpz<Type extends ElementType = '|u1'>(
  file: string,
  name = 'arr_0',
  types: readonly Type[] = ['|u1' as Type],
): Promise<NumpyArray<Type>> {
  const found = (await readArrays(file, { [name]: types }))[name];
  if (found) return found as NumpyArray<Type>;
  throw new DataError({ asked: file, wrong: 'the archive has no such array', got: name });
}

/** Several arrays of an archive by name, opened once; one that it has not is left out. */
export async function readArrays(
  file: string,
  wanted: Readonly<Record<string, readonly ElementType[]>>,
): Promise<Record<string, NumpyArray>> {
  const names = Object.keys(wanted);
  const files = await readZip(file, (entry) => names.some((name) => entry === `${name}.npy`));
  const found = names.filter((name) => files.has(`${name}.npy`));
  const parsed = found.map((name) => [name, parseNpy(`${file}, ${name}`, files.get(`${name}.npy`)!, wanted[name]!)]);
  return Object.fromEntries(parsed) as Record<string, NumpyArray>;
}

/**
 * The .npy format, versions 1 to 3: the bytes 93 "NUMPY", the version, the length of the header (2 bytes, from version 2 on 4),
 * a Python dictionary, then the numbers.
 */
export function parseNpy<Type extends ElementType>(
  asked: string,
  bytes: Buffer,
  types: readonly Type[] = allTypes as Type[],
): NumpyArray<Type> {
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
  const descr = /'descr': '([^']*)'/.exec(header)?.[1];
  const type = types.find((name) => name === descr);
  const dimensions = /'shape': \(([\d, ]*)\)/.exec(header)?.[1];
  if (type === undefined || dimensions === undefined || !header.includes("'fortran_order': False"))
    throw new DataError({
      asked,
      wrong: 'not an array of the expected type in C order',
      got: header.trim(),
      expected: `'descr' one of ${types.join(', ')}, 'fortran_order': False and a shape`,
    });
  const shape = dimensions
    .split(',')
    .filter((length) => length.trim() !== '')
    .map(Number);
  const Elements = elements[type];
  const size = shape.reduce((product, length) => product * length, 1) * Elements.BYTES_PER_ELEMENT;
  if (bytes.length !== start + size)
    throw new DataError({
      asked,
      wrong: 'the array is cut or too long',
      got: bytes.length - start,
      expected: `${size} bytes for [${shape.join(', ')}]`,
      next: 'Get the file again.',
    });
  // A copy: elements of several bytes must lie at multiples of their size.
  const own = bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length) as ArrayBuffer;
  return { type, shape, data: new Elements(own) as never };
}
