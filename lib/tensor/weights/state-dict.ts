import { OptionError } from '../../core/errors.js';
import { elementTypes } from './element-types.js';
import { countOf, rowByRow } from './strided.js';
import { StridedTensor, type Storage, type Value } from './torch-values.js';
import type { Source, StoredTensor, WeightFile } from './weight-file.js';

/**
 * The tensors of a file together may take 16 times its size, or 64 MiB when that is more: shared storages make them larger
 * than the file, and so would a hostile stride of 0 without an end.
 */
const maxGrowth = 16;
const alwaysAllowedBytes = 2 ** 26;

/**
 * The state dict in what a PyTorch file holds, with tensors in the order of their storages. A storage is read once for all
 * neighbours in that order.
 *
 * @throws DataError when there is none or it would be too large; OptionError when `at` is needed or fits none.
 */
export function stateDict(
  asked: string,
  source: Source,
  { root, at, read }: { root: Value; at: string | undefined; read: (storage: Storage) => Promise<Uint8Array> },
): WeightFile {
  const named = withoutPrefix(tensorsOf(source, find(asked, source, root, at)));
  const total = named.reduce((sum, [, tensor]) => sum + 4 * countOf(tensor), 0);
  const limit = Math.max(alwaysAllowedBytes, maxGrowth * source.size);
  if (!(total <= limit))
    throw source.problem('its tensors are far larger than the file', {
      got: `${total} bytes`,
      expected: `at most ${limit} for a file of ${source.size}`,
    });
  let last: { storage: Storage; bytes: Uint8Array } | undefined;
  const entry = ([name, tensor]: readonly [string, StridedTensor]): StoredTensor => {
    const { storage, shape } = tensor;
    const bytes = async () => {
      if (last?.storage !== storage) last = { storage, bytes: await read(storage) };
      return rowByRow(last.bytes, elementTypes[storage.dtype]!.bytes, tensor);
    };
    return { name, dtype: storage.dtype, shape, bytes };
  };
  return { entries: byStorage(named).map(entry), metadata: {} };
}

function holdsTensors(value: Value): value is Map<Value, Value> {
  return value instanceof Map && [...value.values()].some((item) => item instanceof StridedTensor);
}

/** The dict that holds tensors: the outer one, under '', or one directly in it, under its key. */
function find(asked: string, { problem }: Source, root: Value, at: string | undefined): Map<Value, Value> {
  const found = new Map<string, Map<Value, Value>>();
  if (holdsTensors(root)) found.set('', root);
  // A dict that stands under many keys is looked at once.
  const seen = new Set<Value>([root]);
  for (const [key, value] of root instanceof Map ? root : []) {
    if (typeof key !== 'string' || seen.has(value)) continue;
    seen.add(value);
    if (holdsTensors(value)) found.set(key, value);
  }
  if (found.size === 0)
    throw problem('the file holds no state dict', { expected: 'a dict of tensors by name, or one in a dict' });
  const [only] = found.size === 1 ? found.values() : [];
  const dict = at === undefined ? only : found.get(at);
  if (dict) return dict;
  const wrong = at === undefined ? 'the file holds several dicts of tensors' : 'the file has no dict of tensors there';
  const names = [...found.keys()].slice(0, 8).map((key) => `at: '${key.slice(0, 40)}'`);
  throw new OptionError({ asked, wrong, got: at, expected: names.join(' or ') });
}

/** Values of other kinds, such as a count of epochs, are let go. */
function tensorsOf({ problem }: Source, dict: Map<Value, Value>): [string, StridedTensor][] {
  const named: [string, StridedTensor][] = [];
  for (const [name, value] of dict) {
    if (!(value instanceof StridedTensor)) continue;
    if (typeof name !== 'string') throw problem('a tensor has a name that is no text', { got: typeof name });
    named.push([name, value]);
  }
  return named;
}

const parallelPrefix = 'module.';

function withoutPrefix(named: [string, StridedTensor][]): [string, StridedTensor][] {
  if (!named.every(([name]) => name.startsWith(parallelPrefix))) return named;
  return named.map(([name, tensor]) => [name.slice(parallelPrefix.length), tensor]);
}

/** Tensors of one storage become neighbours, at the place of the first. */
function byStorage(named: readonly [string, StridedTensor][]): [string, StridedTensor][] {
  const groups = new Map<Storage, [string, StridedTensor][]>();
  for (const pair of named) {
    const group = groups.get(pair[1].storage);
    if (group) group.push(pair);
    else groups.set(pair[1].storage, [pair]);
  }
  return [...groups.values()].flat();
}
