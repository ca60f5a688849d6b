import { elementTypes } from './element-types.js';
import { readPickle } from './pickle.js';
import { stateDict } from './state-dict.js';
import type { Storage, Value } from './torch-values.js';
import { cutOff, maxHeaderBytes, readBytes, type Source, type WeightFile } from './weight-file.js';

const magic = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;

/** A pickle begins with its protocol, 2 to 5; in protocol 1 the magic number comes first, in decimals. */
export function isTorchLegacy(start: Buffer): boolean {
  if (start[0] === 0x80) return start[1]! >= 2 && start[1]! <= 5;
  return start.subarray(0, 8).toString('latin1') === `L${magic}`.slice(0, 8);
}

/**
 * What torch.save wrote before PyTorch 1.6, and still does on request: four pickles (magic number, version, machine, the
 * object), a fifth with the keys of storages, then the storages in that order, each behind its number of elements.
 *
 * @throws DataError when the file is cut off, goes on, or is big-endian; and as `readPickle` and `stateDict`.
 */
export async function openTorchLegacy(asked: string, source: Source, at: string | undefined): Promise<WeightFile> {
  const { problem } = source;
  const head = await readBytes(source, 0, Math.min(source.size, maxHeaderBytes));
  const first = readPickle(problem, head);
  if (first.value !== magic)
    throw problem('is a pickle, but not one of PyTorch', { expected: 'its magic number in front' });
  const version = readPickle(problem, head, first.end);
  if (version.value !== protocolVersion)
    throw problem('the file has a version that is not known', { expected: `${protocolVersion}` });
  const machine = readPickle(problem, head, version.end);
  const little = machine.value instanceof Map && machine.value.get('little_endian');
  if (little !== true) throw problem('the file was not saved little-endian', { expected: 'little-endian numbers' });
  const { value: root, storages, end } = readPickle(problem, head, machine.end);
  const keys = readPickle(problem, head, end);
  const places = await locate(source, keys.end, keys.value, storages);
  const read = (storage: Storage) => readBytes(source, places.get(storage)!, storage.byteLength);
  return stateDict(asked, source, { root, at, read });
}

/** Where the elements of each storage begin. Every storage of the pickle must be there, and nothing after the last. */
async function locate(
  source: Source,
  start: number,
  keys: Value,
  storages: ReadonlyMap<string, Storage>,
): Promise<ReadonlyMap<Storage, number>> {
  const { problem, size } = source;
  const places = new Map<Storage, number>();
  let at = start;
  for (const key of Array.isArray(keys) ? keys : []) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (!storage || places.has(storage)) throw problem('the list of storages differs from the pickle');
    const count = (await readBytes(source, at, 8)).readBigInt64LE();
    if (count !== BigInt(storage.count))
      throw problem(`storage '${storage.key.slice(0, 40)}' has another size than its pickle says`, {
        got: `${count} of ${elementTypes[storage.dtype]!.bytes} bytes`,
        expected: `${storage.count}`,
      });
    places.set(storage, at + 8);
    at += 8 + storage.byteLength;
    if (at > size) throw cutOff(source, at);
  }
  if (places.size !== storages.size) throw problem('the list of storages differs from the pickle');
  if (at !== size) throw problem('the file goes on after its last storage', { got: size, expected: `${at} bytes` });
  return places;
}
