import { OptionError } from '../../core/errors.js';
import { tf, type Tensor } from '../../tensor/index.js';

/**
 * softmax(q kᵀ / sqrt(width)) v (Vaswani et al. 2017, equation 1) for each head, from queries `[batch, heads, positions, width]` and
 * keys and values `[batch, heads, tokens, width]` to `[batch, positions, heads width]`.
 */
export function attend(query: Tensor, key: Tensor, value: Tensor): Tensor {
  const [batch, heads, positions, width] = query.shape as [number, number, number, number];
  const scores = tf.matMul(query, key, false, true).div(Math.sqrt(width)).softmax(); // [batch, heads, positions, tokens]
  return tf
    .matMul(scores, value)
    .transpose([0, 2, 1, 3])
    .reshape([batch, positions, heads * width]);
}

/** @throws OptionError when the heads do not divide the size. */
export function checkHeads(asked: string, size: number, heads: number): void {
  if (size % heads === 0) return;
  throw new OptionError({
    asked,
    wrong: 'the heads do not divide the size',
    got: heads,
    expected: `a divisor of ${size}`,
  });
}
