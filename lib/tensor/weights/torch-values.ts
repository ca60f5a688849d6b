import { elementTypes } from './element-types.js';
import type { Source } from './weight-file.js';

/** A name in a pickle that stands for a class or function of Python. It is only ever compared. */
export class Target {
  constructor(readonly name: string) {}
}

/** A run of elements in the file, which several tensors may share. */
export class Storage {
  constructor(
    readonly key: string,
    readonly dtype: string,
    readonly count: number,
  ) {}

  get byteLength(): number {
    return this.count * elementTypes[this.dtype]!.bytes;
  }
}

/** A tensor as PyTorch keeps it: element [i, j, ..] lies at offset + i strides[0] + j strides[1] + .. of the storage. */
export class StridedTensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** All that a pickle can make here. Tuples are lists. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Value[]
  | Map<Value, Value>
  | Target
  | Storage
  | StridedTensor;

const storageTypes: ReadonlyMap<string, string> = new Map([
  ['torch.DoubleStorage', 'F64'],
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.LongStorage', 'I64'],
  ['torch.IntStorage', 'I32'],
  ['torch.ShortStorage', 'I16'],
  ['torch.CharStorage', 'I8'],
  ['torch.ByteStorage', 'U8'],
  ['torch.BoolStorage', 'BOOL'],
]);

/** What a pickle may call, and what is made of the arguments; undefined when they do not fit. */
const calls: ReadonlyMap<string, (values: readonly Value[]) => Value | undefined> = new Map([
  ['collections.OrderedDict', orderedDict],
  ['torch.Size', ([size]: readonly Value[]) => (isCounts(size) ? size : undefined)],
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  [
    'torch._utils._rebuild_parameter',
    ([tensor]: readonly Value[]) => (tensor instanceof StridedTensor ? tensor : undefined),
  ],
]);

/** @throws DataError with the full name of anything that is not needed for a state dict. */
export function target(problem: Source['problem'], name: string): Target {
  if (storageTypes.has(name) || calls.has(name)) return new Target(name);
  throw refused(problem, name);
}

export function refused(problem: Source['problem'], name: string) {
  return problem('the pickle asks for something other than tensors, and nothing of it was executed', {
    // A name could hold commands to the terminal that shows it.
    got: name.replace(/\p{Cc}/gu, '?'),
    expected: "a state dict's own names alone",
    next: "Where you trust the file, save `model.state_dict()` alone with PyTorch's torch.save and read that.",
  });
}

/** What Python would make of calling a target. */
export function call(problem: Source['problem'], callee: Target, values: readonly Value[]): Value {
  const make = calls.get(callee.name);
  if (!make) throw refused(problem, `a call of ${callee.name}`);
  const made = make(values);
  if (made === undefined) throw problem(`the pickle calls ${callee.name} wrongly`);
  return made;
}

/** The storage that a persistent id names: ('storage', type, key, device, number of elements). */
export function storageOf(problem: Source['problem'], id: Value): Storage {
  const [kind, type, key, , count, view = null] = Array.isArray(id) ? id : [];
  const dtype = type instanceof Target ? storageTypes.get(type.name) : undefined;
  if (kind !== 'storage' || !dtype || typeof key !== 'string' || !isCount(count) || view !== null)
    throw problem('the pickle names a storage wrongly, or as PyTorch did before 0.4');
  return new Storage(key, dtype, count);
}

const spent = new WeakSet<Value[]>();

/** Python 2 gives the items as pairs. A list serves once: a long one that is recalled often would fill the memory. */
function orderedDict([items = []]: readonly Value[]): Value | undefined {
  const isPair = (item: Value): item is [Value, Value] => Array.isArray(item) && item.length === 2;
  if (!Array.isArray(items) || spent.has(items) || !items.every(isPair)) return undefined;
  spent.add(items);
  return new Map(items);
}

/** (storage, offset, shape, strides, requires gradient, hooks, metadata): metadata would be flags such as a lazy minus sign. */
function rebuildTensor([storage, offset, shape, strides, , , flags = null]: readonly Value[]): Value | undefined {
  if (!(storage instanceof Storage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides)) return undefined;
  if (shape.length !== strides.length) return undefined;
  if (flags !== null && !(flags instanceof Map && flags.size === 0)) return undefined;
  const last = shape.reduce((sum, length, i) => sum + (length - 1) * strides[i]!, offset);
  if (!shape.includes(0) && !(last < storage.count)) return undefined;
  return new StridedTensor(storage, offset, shape, strides);
}

function isCount(value: Value | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** PyTorch's own limit on the number of dimensions. */
const maxRank = 64;

function isCounts(value: Value | undefined): value is number[] {
  return Array.isArray(value) && value.length <= maxRank && value.every(isCount);
}
