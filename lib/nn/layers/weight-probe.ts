import { tf, type Tensor } from '../../tensor/index.js';
import { materialised } from './example-gradients.js';
import type { LayerParameter } from './layer.js';

/**
 * A small parameter of which each example has a copy `[batch, size]` in the forward pass: the gradient by the copy, which
 * is the probe's from column `start` on, is the example's gradient.
 */
export function copiedParameter(shape: readonly number[], start = 0): LayerParameter {
  const size = shape.reduce((product, length) => product * length, 1);
  return {
    shape,
    gradients: (_input, probeGradient) =>
      materialised([tf.slice(probeGradient, [0, start], [probeGradient.shape[0]!, size])], shape),
  };
}

/** The copies `[batch, size]` of a weight, with the columns of the probe from `start` on added to them. */
export function copies(weight: Tensor, batch: number, probe?: Tensor, start = 0): Tensor {
  const { size } = weight;
  const rows = tf.tile(weight.reshape([1, size]), [batch, 1]);
  return probe ? rows.add(tf.slice(probe, [0, start], [batch, size])) : rows;
}
