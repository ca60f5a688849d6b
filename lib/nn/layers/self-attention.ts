import { check } from '../../core/check.js';
import { tf, type Tensor } from '../../tensor/index.js';
import { attend, checkHeads } from './attend.js';
import type { Composite } from './composite.js';
import { dense } from './dense.js';
import { byBothSides } from './layer.js';

export interface SelfAttentionOptions {
  readonly name: string;
  readonly size: number;
  /** Default 1. */
  readonly heads?: number;
  /** Of the initial values of the maps to queries, keys and values, and of the output's, see `byBothSides`. Default 1. */
  readonly gains?: { readonly project: number; readonly out: number };
}

/**
 * Self-attention (Vaswani et al. 2017, section 3.2) of `[batch, positions, size]`: two dense layers and, between them, ops
 * without weights. The maps to queries, keys and values are one layer, which is faster; `crossAttention` has them apart.
 *
 * @throws OptionError when the heads do not divide the size.
 * @example
 * const attention = selfAttention({ name: 'middle', size: 64, heads: 4 });
 * const y = x.add(attention.apply(tape, x));   // weights middle.project.kernel [64, 192], middle.out.kernel [64, 64], biases
 */
export function selfAttention(options: SelfAttentionOptions): Composite {
  const { name, size, heads = 1, gains = { project: 1, out: 1 } } = options;
  check('count', 'selfAttention', { size, heads });
  checkHeads('selfAttention', size, heads);
  // Three maps to `size` values each: the variance is that of one of them.
  const each = byBothSides(gains.project, size, size);
  const project = dense({ name: `${name}.project`, inputs: size, outputs: 3 * size, initial: each });
  const initial = byBothSides(gains.out, size, size);
  const out = dense({ name: `${name}.out`, inputs: size, outputs: size, initial });
  return {
    layers: [project, out],
    apply: (tape, input) => {
      const [batch, positions] = input.shape as [number, number, number];
      const split = tape
        .use(project, input)
        .reshape([batch, positions, 3, heads, size / heads])
        .transpose([2, 0, 3, 1, 4]);
      const [query, key, value] = tf.unstack(split) as [Tensor, Tensor, Tensor]; // [batch, heads, positions, size / heads]
      return tape.use(out, attend(query, key, value));
    },
  };
}
