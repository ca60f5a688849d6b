import type { StridedTensor } from './torch-values.js';

/** The elements of a tensor row by row. One that lies so already is not copied. */
export function rowByRow(storage: Uint8Array, elementBytes: number, tensor: StridedTensor): Uint8Array {
  const { offset, shape, strides } = tensor;
  const count = countOf(tensor);
  if (count === 0) return new Uint8Array();
  if (isRowByRow(tensor)) return storage.subarray(offset * elementBytes, (offset + count) * elementBytes);
  const bytes = new Uint8Array(count * elementBytes);
  const index = shape.map(() => 0);
  let from = offset;
  for (let to = 0; to < count; to++) {
    for (let i = 0; i < elementBytes; i++) bytes[to * elementBytes + i] = storage[from * elementBytes + i]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return bytes;
}

export function countOf({ shape }: StridedTensor): number {
  return shape.includes(0) ? 0 : shape.reduce((product, length) => product * length, 1);
}

function isRowByRow({ shape, strides }: StridedTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}
