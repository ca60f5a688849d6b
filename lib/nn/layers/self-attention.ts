import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import { tf, type Tensor } from '../../tensor/index.js';
import type { Tape } from '../tape.js';
import { dense } from './dense.js';
import type { Layer } from './layer.js';

export interface SelfAttentionOptions {
  readonly name: string;
  readonly size: number;
  /** Default 1. */
  readonly heads?: number;
}

/** Layers put together: its own parameters are theirs. */
export interface SelfAttention {
  readonly layers: readonly Layer[];
  apply(tape: Tape, input: Tensor): Tensor;
}

/**
 * Self-attention (Vaswani et al. 2017, section 3.2) of `[batch, positions, size]`: two dense layers and, between them, ops
 * without weights, so that the dense layers' rules give all gradients of single examples.
 *
 * @throws OptionError when the heads do not divide the size.
 * @example
 * const attention = selfAttention({ name: 'middle', size: 64, heads: 4 });
 * const y = x.add(attention.apply(tape, x));   // weights middle.project.kernel [64, 192], middle.out.kernel [64, 64], biases
 */
export function selfAttention({ name, size, heads = 1 }: SelfAttentionOptions): SelfAttention {
  check('count', 'selfAttention', { size, heads });
  if (size % heads !== 0)
    throw new OptionError({
      asked: 'selfAttention',
      wrong: 'the heads do not divide the size',
      got: heads,
      expected: `a divisor of ${size}`,
    });
  const project = dense({ name: `${name}.project`, inputs: size, outputs: 3 * size });
  const out = dense({ name: `${name}.out`, inputs: size, outputs: size });
  const width = size / heads;
  return {
    layers: [project, out],
    apply: (tape, input) => {
      const [batch, positions] = input.shape as [number, number, number];
      const split = tape.use(project, input).reshape([batch, positions, 3, heads, width]).transpose([2, 0, 3, 1, 4]);
      const [query, key, value] = tf.unstack(split) as [Tensor, Tensor, Tensor]; // [batch, heads, positions, width]
      const scores = tf.matMul(query, key, false, true).div(Math.sqrt(width)).softmax();
      const mixed = tf.matMul(scores, value).transpose([0, 2, 1, 3]);
      return tape.use(out, mixed.reshape([batch, positions, size]));
    },
  };
}
