import { tf, type Tensor, type Tensor2D } from '../../tensor/index.js';
import type { Weights } from '../parameters.js';

/** `[..., inputs]` to `[..., outputs]` by `name.weight` `[outputs, inputs]` and `name.bias`, the layout of PyTorch's `Linear`. */
export function linear(weights: Weights, name: string, input: Tensor): Tensor {
  const matrix = weights[`${name}.weight`] as Tensor2D;
  const [outputs, inputs] = matrix.shape;
  const rows = input.reshape([-1, inputs]) as Tensor2D;
  const product = tf.matMul(rows, matrix, false, true).add(weights[`${name}.bias`]!);
  return product.reshape([...input.shape.slice(0, -1), outputs]);
}

/** Mean 0 and variance 1 over the last axis, then `name.weight` and `name.bias` (Ba et al. 2016). */
export function layerNorm(weights: Weights, name: string, input: Tensor, epsilon: number): Tensor {
  const centred = input.sub(input.mean(-1, true));
  const normal = centred.mul(centred.square().mean(-1, true).add(epsilon).rsqrt());
  return normal.mul(weights[`${name}.weight`]!).add(weights[`${name}.bias`]!);
}

/** x times the normal distribution function at x: exact, by the error function (Hendrycks and Gimpel 2016). */
export function gelu(input: Tensor): Tensor {
  return input.mul(0.5).mul(input.mul(Math.SQRT1_2).erf().add(1));
}

/**
 * softmax(q kᵀ / sqrt(width of a head)) v for each head (Vaswani et al. 2017, eq. 1), from queries `[batch, positions, width]` and keys and
 * values `[batch, tokens, width]` to `[batch, positions, width]`.
 *
 * @param bias added before the softmax, `[batch, 1, 1, tokens]`: far below zero at tokens that may not be seen.
 */
export function attention(
  [query, key, value]: readonly [Tensor, Tensor, Tensor],
  heads: number,
  bias?: Tensor,
): Tensor {
  const [batch, positions, width] = query.shape as [number, number, number];
  const apart = (all: Tensor) => all.reshape([batch, all.shape[1]!, heads, width / heads]).transpose([0, 2, 1, 3]);
  const scaled = apart(query).mul(1 / Math.sqrt(width / heads));
  const scores = tf.matMul(scaled, apart(key), false, true); // [batch, heads, positions, tokens]
  const shares = (bias ? scores.add(bias) : scores).softmax();
  return tf.matMul(shares, apart(value)).transpose([0, 2, 1, 3]).reshape([batch, positions, width]);
}
