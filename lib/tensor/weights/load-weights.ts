import { DataError, OptionError } from '../../core/errors.js';
import { didYouMean } from '../../core/nearest.js';
import { tf } from '../tf.js';
import type { Tensor, Variable } from '../types.js';
import { decode, elementTypes } from './element-types.js';
import { isSafetensors, openSafetensors } from './safetensors.js';
import { isTorchLegacy, openTorchLegacy } from './torch-legacy.js';
import { isTorchZip, openTorchZip } from './torch-zip.js';
import { checksumOf, openSource, readBytes, type Source, type StoredTensor, type WeightFile } from './weight-file.js';

export interface LoadedWeights {
  /** By name; they belong to the caller. */
  readonly tensors: Record<string, Tensor>;
  /** Text that a safetensors file keeps by name; a PyTorch file keeps none. */
  readonly metadata: Readonly<Record<string, string>>;
  /** SHA-256 of the file in hex: results name the weights that they were made with. */
  readonly checksum: string;
}

/**
 * Reads named tensors from anybody's file: safetensors, or a state dict that PyTorch saved (`.pt`, `.pth`; zip or the older
 * pickle). The first bytes tell which, not the name. Floats (F64, F32, F16, BF16) become float32, whole numbers int32, BOOL
 * bool. Nothing of a pickle is ever executed: one that asks for anything but tensors is refused by that name.
 *
 * A PyTorch file may keep its state dict inside another dict, as in `{ state_dict, epoch }`: it is found when it is the only
 * dict that holds tensors. The prefix `module.` of DataParallel is dropped when every tensor has it.
 *
 * @param options `names`: read these alone; default all. `at`: the key under which a PyTorch file keeps the state dict that is
 * meant, when there are several; '' for the outer dict itself.
 * @throws DataError when the file is absent, cut off or of another kind, asks for more than tensors, or holds a value that
 * does not fit; OptionError for a name that it has not, with the nearest that it has, or when `at` is needed.
 * @example const { tensors, checksum } = await loadWeights('resnet20.pth', { names: ['conv1.weight'] });
 */
export async function loadWeights(
  path: string,
  { names, at }: { readonly names?: readonly string[]; readonly at?: string } = {},
): Promise<LoadedWeights> {
  const asked = `loadWeights('${path}')`;
  const source = await openSource(asked, path);
  try {
    const { entries, metadata } = await openWeights(asked, source, at);
    const known = entries.map(({ name }) => name);
    for (const name of names ?? [])
      if (!known.includes(name)) throw absent(asked, 'the file has no such tensor', name, known);
    const wanted = entries.filter(({ name }) => !names || names.includes(name));
    const read = [];
    for (const entry of wanted) read.push({ ...entry, ...(await readValues(source, entry)) });
    const checksum = await checksumOf(source);
    // Tensors are made when nothing can fail any more, so that no error leaves some behind.
    const tensors = read.map(({ name, values, shape, type }) => [name, tf.tensor(values, [...shape], type)] as const);
    return { tensors: Object.fromEntries(tensors), metadata, checksum };
  } finally {
    await source.handle.close();
  }
}

async function openWeights(asked: string, source: Source, at: string | undefined): Promise<WeightFile> {
  const start = await readBytes(source, 0, Math.min(source.size, 32));
  if (isSafetensors(start)) {
    if (at) throw absent(asked, 'a safetensors file has one level of names, no dict in another', at, []);
    return openSafetensors(source);
  }
  if (isTorchZip(start)) return openTorchZip(asked, source, at);
  if (isTorchLegacy(start)) return openTorchLegacy(asked, source, at);
  throw source.problem('is not a file of weights', {
    got: `${source.size} bytes that begin with ${start.subarray(0, 8).toString('hex')}${formatOf(start)}`,
    expected: "safetensors, or PyTorch's zip or pickle",
  });
}

function formatOf(start: Buffer): string {
  const begins = (text: string) => start.subarray(0, text.length).toString('latin1') === text;
  if (begins('\x93NUMPY')) return ' (a npy)';
  if (begins('\x89HDF')) return ' (a HDF5)';
  return '';
}

async function readValues(source: Source, { name, dtype, bytes }: StoredTensor) {
  const type = elementTypes[dtype]!;
  const decoded = decode(await bytes(), type);
  if ('outside' in decoded)
    throw source.problem(`a value of tensor '${name}' (${dtype}) does not fit ${type.becomes}`, {
      got: decoded.outside,
    });
  return { values: decoded.values, type: type.becomes };
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
