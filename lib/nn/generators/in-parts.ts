import type { Tensor2D } from '../../tensor/index.js';

/** Images that are computed together: for memory. */
const together = 100;

/** The rows of tensors in parts of at most 100, nearly of the same length, so that two graphs serve all. */
export function inParts(tensors: readonly [Tensor2D, Tensor2D]): [Tensor2D, Tensor2D][] {
  const rows = tensors[0].shape[0];
  const parts = Math.ceil(rows / together);
  const start = (i: number) => Math.floor((i * rows) / parts);
  const part = (tensor: Tensor2D, i: number) => tensor.slice([start(i), 0], [start(i + 1) - start(i), -1]);
  return Array.from({ length: parts }, (_, i) => [part(tensors[0], i), part(tensors[1], i)]);
}
