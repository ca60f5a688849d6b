import { elementTypes } from './element-types.js';
import type { Source } from './weight-file.js';

/** Where one tensor lies: bytes from `start` to `end` after the header. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface Header {
  /** In the order of their bytes. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The name under which the header keeps text of the writer. */
export const metadataName = '__metadata__';

/**
 * Reads and checks the JSON of a safetensors header (https://github.com/huggingface/safetensors, "Format"): the tensors
 * must fill the bytes after it without gap or overlap.
 *
 * @param dataBytes bytes of the file after the header.
 * @throws DataError for anything else.
 */
export function parseHeader(problem: Source['problem'], text: string, dataBytes: number): Header {
  const parsed = parseObject(text);
  if (!parsed) throw problem('is not a safetensors file: its header is no JSON object', { got: text.slice(0, 40) });
  const { [metadataName]: metadata = {}, ...tensors } = parsed;
  const entries = Object.entries(tensors).map(([name, value]) => {
    const entry = readEntry(name, value);
    if (!entry) throw problem(`the header describes tensor '${name}' wrongly`, { got: value });
    const type = elementTypes[entry.dtype];
    if (!type)
      throw problem(`tensor '${name}' has elements that TensorFlow.js cannot hold`, {
        got: entry.dtype,
        expected: Object.keys(elementTypes).join(', '),
      });
    const bytes = entry.shape.reduce((product, length) => product * length, type.bytes);
    if (entry.end - entry.start !== bytes)
      throw problem(`the bytes of tensor '${name}' do not fit its shape`, {
        got: entry.end - entry.start,
        expected: `${bytes} for ${entry.dtype} [${entry.shape.join(', ')}]`,
      });
    return entry;
  });
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  let reached = 0;
  for (const { name, start, end } of entries) {
    if (start !== reached)
      throw problem(`tensor '${name}' overlaps another or leaves a gap`, { got: start, expected: `byte ${reached}` });
    reached = end;
  }
  if (reached > dataBytes)
    throw problem('the file ends early, as if it had been cut off', {
      got: dataBytes,
      expected: `${reached} bytes of tensors`,
      next: 'Copy or make it again.',
    });
  if (reached < dataBytes)
    throw problem('the file goes on after its last tensor', {
      got: dataBytes,
      expected: `${reached} bytes of tensors`,
    });
  if (!isText(metadata)) throw problem('the metadata of the header are not text by name', { got: metadata });
  return { entries, metadata };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string');
}

function readEntry(name: string, value: unknown): TensorEntry | undefined {
  if (!isObject(value)) return undefined;
  const { dtype, shape, data_offsets: offsets } = value;
  const counts = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
  if (typeof dtype !== 'string' || !counts(shape) || !counts(offsets) || offsets.length !== 2) return undefined;
  return { name, dtype, shape, start: offsets[0]!, end: offsets[1]! };
}
