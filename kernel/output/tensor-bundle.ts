import type { Bundle } from '../contract.js';
import { hasMethods, readProperty } from './read-property.js';

/** The part of a TensorFlow.js tensor that is read here. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly isDisposed: boolean;
  slice(begin: number[], size: number[]): Tensor;
  data(): Promise<ArrayLike<number | string>>;
  dispose(): void;
}

/** Tells tensors by their methods: only the library imports TensorFlow.js. */
export function isTensor(value: unknown): value is Tensor {
  const isShaped = Array.isArray(readProperty(value, 'shape')) && typeof readProperty(value, 'dtype') === 'string';
  return isShaped && hasMethods(value, 'slice', 'data', 'dispose');
}

/** Numbers shown along an axis, counted from the last one. */
const mostAlong = [8, 8, 2, 2];

/** Shape, type and the first values of a tensor. Only those values are fetched from the device. */
export async function tensorBundle(tensor: Tensor): Promise<Bundle> {
  const head = `Tensor ${tensor.dtype} [${tensor.shape.join(', ')}]`;
  if (tensor.isDisposed) return { 'text/plain': `${head}, disposed` };
  if (tensor.shape.includes(0) || tensor.dtype === 'complex64') return { 'text/plain': head };
  const { shape } = tensor;
  if (shape.length === 0) return { 'text/plain': `${head} ${valueText((await tensor.data())[0]!, tensor.dtype)}` };
  const size = shape.map((length, axis) => Math.min(length, mostAlong[shape.length - 1 - axis] ?? 1));
  // A vector has more room.
  if (shape.length === 1) size[0] = Math.min(shape[0]!, 20);
  const part = tensor.slice(new Array<number>(shape.length).fill(0), size);
  try {
    const values = Array.from(await part.data(), (value) => valueText(value, tensor.dtype));
    return { 'text/plain': `${head}\n${nested(values, size, shape, ' ')}` };
  } finally {
    part.dispose();
  }
}

function valueText(value: number | string, dtype: string): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 30 ? `${value.slice(0, 29)}…` : value);
  if (dtype === 'bool') return value ? 'true' : 'false';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
}

/** Values in brackets, one pair an axis; `…` where an axis goes on. */
function nested(values: readonly string[], size: readonly number[], shape: readonly number[], indent: string): string {
  const width = Math.max(...values.map((value) => value.length));
  const write = (from: number, axis: number, margin: string): string => {
    if (axis === size.length) return values[from]!;
    const step = size.slice(axis + 1).reduce((product, length) => product * length, 1);
    const items = Array.from({ length: size[axis]! }, (_item, i) => write(from + i * step, axis + 1, `${margin} `));
    const isLast = axis === size.length - 1;
    const all = isLast ? items.map((item) => item.padStart(width)) : items;
    if (size[axis]! < shape[axis]!) all.push('…');
    return `[${all.join(isLast ? ', ' : `,\n${margin}`)}]`;
  };
  return write(0, 0, indent);
}
