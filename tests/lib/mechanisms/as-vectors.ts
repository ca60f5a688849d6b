import type { OuterProduct } from '../../../lib/mechanisms/index.js';
import { tf, type Tensor2D } from '../../../lib/tensor/index.js';

/** Outer products as plain vectors, `[batch, dimension]`: block after block, in each the number on the right the slow index. */
export function asVectors(blocks: readonly OuterProduct[]): Tensor2D {
  const flat = ({ left, right }: OuterProduct) =>
    tf.matMul(right.expandDims(2), left.expandDims(1)).reshape([left.shape[0], -1]);
  return tf.concat(blocks.map(flat), 1) as Tensor2D;
}
