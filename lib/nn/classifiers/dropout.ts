import { check } from '../../core/check.js';
import { runOp, tf, type Tensor } from '../../tensor/index.js';
import type { Module } from './module.js';

/**
 * While training each value becomes 0 with probability `rate` and is divided by 1 - rate otherwise (Srivastava et al. 2014).
 * TensorFlow draws the mask within the graph from the pass's seed and `place` (20 ms for 6 million values on two cores).
 *
 * @param place another number for each dropout of a network, so that their masks are independent.
 * @throws OptionError when the rate is no number above 0 and below 1.
 */
export function dropout({ rate, place }: { readonly rate: number; readonly place: number }): Module {
  check('probability', 'dropout', { rate });
  return {
    parameters: {},
    statistics: {},
    apply: (x, { training }) => {
      if (!training) return x;
      const seed = tf.concat([training.seed, tf.tensor1d([place], 'int32')]);
      const kept = uniform(x.shape, seed).greaterEqual(rate).cast('float32');
      return x.mul(kept.mul(1 / (1 - rate)));
    },
  };
}

/** Uniform in [0, 1), always the same for the same seed, an int32 `[2]`. */
function uniform(shape: number[], seed: Tensor): Tensor {
  const integers = { type: 'int32' } as const;
  const attributes = { dtype: { type: 'float32' }, T: integers, Tseed: integers } as const;
  return runOp('StatelessRandomUniform', attributes, [tf.tensor1d(shape, 'int32'), seed])[0]!;
}
