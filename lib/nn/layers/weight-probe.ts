import { tf, type Tensor } from '../../tensor/index.js';
import { materialised } from './example-gradients.js';
import type { LayerParameter } from './layer.js';

/**
 * A small parameter of which each row has a copy `[rows, size]` in the forward pass: the gradient by the copies, which is the
 * probe's from column `start` on, summed over an example's rows, is the example's gradient. It starts as one `value`.
 */
export function copiedParameter(shape: readonly number[], value: number, start = 0): LayerParameter {
  const size = shape.reduce((product, length) => product * length, 1);
  return {
    shape,
    initial: { law: 'constant', value },
    gradients: (_input, probeGradient, examples) => {
      const rows = probeGradient.shape[0]!;
      const ofRows = tf.slice(probeGradient, [0, start], [rows, size]);
      return materialised([rows === examples ? ofRows : ofRows.reshape([examples, -1, size]).sum(1)], shape);
    },
  };
}

/** The copies `[batch, size]` of a weight, with the columns of the probe from `start` on added to them. */
export function copies(weight: Tensor, batch: number, probe?: Tensor, start = 0): Tensor {
  const { size } = weight;
  // Not by tf.tile: tfjs would sum its gradient over the batch with two ops a row.
  const added = probe ? tf.slice(probe, [0, start], [batch, size]) : tf.zeros([batch, size]);
  return weight.reshape([1, size]).add(added);
}
