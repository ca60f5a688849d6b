import { open, type FileHandle } from 'node:fs/promises';
import { DataError, OptionError } from '../../core/errors.js';
import { didYouMean } from '../../core/nearest.js';
import { tf } from '../tf.js';
import type { Tensor, Variable } from '../types.js';
import { decode, elementTypes } from './element-types.js';
import { maxHeaderBytes, parseHeader, type Header, type TensorEntry } from './header.js';

export interface LoadedWeights {
  /** By name; they belong to the caller. */
  readonly tensors: Record<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads named tensors from a safetensors file, its own or anybody's. F64, F32, F16 and BF16 become float32, whole numbers
 * int32, BOOL bool.
 *
 * @param options `names`: read these alone; default all.
 * @throws DataError when the file is absent, cut off or of another kind, or holds a value that does not fit; OptionError for
 * a name that it has not, with the nearest that it has.
 * @example const { tensors } = await loadWeights('model.safetensors', { names: ['conv1'] });
 */
export async function loadWeights(
  path: string,
  { names }: { readonly names?: readonly string[] } = {},
): Promise<LoadedWeights> {
  const asked = `loadWeights('${path}')`;
  const file = await opened(asked, path);
  try {
    const { header, dataAt } = await readHeader(asked, file);
    const known = header.entries.map(({ name }) => name);
    for (const name of names ?? [])
      if (!known.includes(name)) throw absent(asked, 'the file has no such tensor', name, known);
    const wanted = header.entries.filter(({ name }) => !names || names.includes(name));
    const read = [];
    for (const entry of wanted) read.push({ ...entry, ...(await readValues(asked, file, dataAt, entry)) });
    // Tensors are made when nothing can fail any more, so that no error leaves some behind.
    const tensors = read.map(({ name, values, shape, type }) => [name, tf.tensor(values, [...shape], type)] as const);
    return { tensors: Object.fromEntries(tensors), metadata: header.metadata };
  } finally {
    await file.close();
  }
}

/**
 * Sets variables, such as the parameters of a network, to the tensors of a file. The file must have exactly their names,
 * shapes and types (float32 from any float); else nothing is changed.
 *
 * @returns the metadata of the file.
 * @throws as `loadWeights`; DataError when a shape or type differs or the file has a tensor more.
 * @example const { step } = await assignWeights(network.parameters, 'model.safetensors');
 */
export async function assignWeights(
  variables: Readonly<Record<string, Variable>>,
  path: string,
): Promise<LoadedWeights['metadata']> {
  const asked = `assignWeights('${path}')`;
  const { tensors, metadata } = await loadWeights(path);
  try {
    const [known, found] = [Object.keys(variables), Object.keys(tensors)];
    for (const name of known)
      if (!found.includes(name)) throw absent(asked, 'the file has no tensor for this variable', name, found);
    for (const name of found)
      if (!known.includes(name)) throw absent(asked, 'no variable takes this tensor of the file', name, known);
    const words = ({ dtype, shape }: Tensor) => `${dtype} [${shape.join(', ')}]`;
    for (const name of known) {
      const [got, expected] = [words(tensors[name]!), words(variables[name]!)];
      if (got !== expected) throw new DataError({ asked, wrong: `tensor '${name}' does not fit`, got, expected });
    }
    for (const name of known) variables[name]!.assign(tensors[name]!);
    return metadata;
  } finally {
    tf.dispose(tensors);
  }
}

function absent(asked: string, wrong: string, name: string, known: readonly string[]): OptionError {
  const listed = known.slice(0, 8).join(', ') + (known.length > 8 ? `, and ${known.length - 8} more` : '');
  return new OptionError({
    asked,
    wrong,
    got: name,
    expected: listed || 'none',
    next: didYouMean(name, known) || undefined,
  });
}

async function opened(asked: string, path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    throw new DataError({ asked, wrong: `the file cannot be read: ${(error as Error).message}` }, { cause: error });
  }
  throw new DataError({ asked, wrong: 'this is a folder or a device, not a file' });
}

async function readHeader(asked: string, file: FileHandle): Promise<{ header: Header; dataAt: number }> {
  const { size } = await file.stat();
  const start = await readBytes(file, 0, Math.min(size, 9));
  const length = start.length === 9 ? start.readBigUInt64LE() : 0n;
  // A header begins with a brace: other formats, and texts, are told apart before their first bytes are taken for a length.
  if (start[8] !== 0x7b || length > BigInt(maxHeaderBytes))
    throw new DataError({
      asked,
      wrong: 'is not a safetensors file',
      got: `${size} bytes that begin with ${start.subarray(0, 8).toString('hex')}${formatOf(start)}`,
      expected: 'the length of a header and its JSON',
    });
  const dataAt = 8 + Number(length);
  if (dataAt > size)
    throw new DataError({
      asked,
      wrong: 'the file ends inside its header, as if it had been cut off',
      got: size,
      expected: `at least ${dataAt} bytes`,
      next: 'Copy or make it again.',
    });
  const text = (await readBytes(file, 8, dataAt - 8)).toString();
  return { header: parseHeader(asked, text, size - dataAt), dataAt };
}

function formatOf(start: Buffer): string {
  const begins = (text: string) => start.subarray(0, text.length).toString('latin1') === text;
  if (begins('PK')) return ' (a zip, as of npz or PyTorch)';
  if (begins('\x93NUMPY')) return ' (a npy)';
  if (begins('\x89HDF')) return ' (a HDF5)';
  return '';
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

async function readValues(asked: string, file: FileHandle, dataAt: number, { name, dtype, start, end }: TensorEntry) {
  const type = elementTypes[dtype]!;
  const decoded = decode(await readBytes(file, dataAt + start, end - start), type);
  if ('outside' in decoded)
    throw new DataError({
      asked,
      wrong: `a value of tensor '${name}' (${dtype}) does not fit ${type.becomes}`,
      got: decoded.outside,
    });
  return { values: decoded.values, type: type.becomes };
}
