import { check } from '../../core/check.js';
import type { Tensor } from '../../tensor/index.js';
import type { Tape } from '../tape.js';
import { attend, checkHeads } from './attend.js';
import { single, type Composite } from './composite.js';
import { dense, type DenseOptions } from './dense.js';
import type { Layer } from './layer.js';

export interface CrossAttentionOptions {
  readonly name: string;
  readonly size: number;
  /** Size of the context's vectors. */
  readonly contextSize: number;
  /** Default 1. */
  readonly heads?: number;
  /** Whether the maps to queries, keys and values have biases; the output's has. Default true. */
  readonly bias?: boolean;
  /** Makes the maps to queries, keys and values. Default `dense`; with `lowRank` they get adapters. */
  readonly map?: (options: DenseOptions) => Composite;
}

export interface CrossAttention {
  readonly layers: readonly Layer[];
  /** From `[batch, positions, size]` and a context `[batch, tokens, contextSize]` to `[batch, positions, size]`. */
  apply(tape: Tape, input: Tensor, context: Tensor): Tensor;
}

/**
 * Attention (Vaswani et al. 2017, section 3.2) with queries from the input and keys and values from a context. With the
 * input as its own context it is self-attention whose three maps are layers of their own.
 *
 * @throws OptionError when the heads do not divide the size.
 * @example
 * const attention = crossAttention({ name: 'text', size: 64, contextSize: 512, heads: 8, map: (o) => lowRank({ ...o, rank: 4 }) });
 * const y = x.add(attention.apply(tape, x, tokens));   // text.query.kernel [64, 64], text.key.kernel [512, 64], ...
 */
export function crossAttention(options: CrossAttentionOptions): CrossAttention {
  const { name, size, contextSize, heads = 1, bias = true, map = (given) => single(dense(given)) } = options;
  check('count', 'crossAttention', { size, contextSize, heads });
  checkHeads('crossAttention', size, heads);
  const query = map({ name: `${name}.query`, inputs: size, outputs: size, bias });
  const key = map({ name: `${name}.key`, inputs: contextSize, outputs: size, bias });
  const value = map({ name: `${name}.value`, inputs: contextSize, outputs: size, bias });
  const out = dense({ name: `${name}.out`, inputs: size, outputs: size });
  const byHead = (x: Tensor) => x.reshape([x.shape[0]!, x.shape[1]!, heads, size / heads]).transpose([0, 2, 1, 3]);
  return {
    layers: [...query.layers, ...key.layers, ...value.layers, out],
    apply: (tape, input, context) => {
      const of = (map: Composite, from: Tensor) => byHead(map.apply(tape, from)); // [batch, heads, positions, size / heads]
      return tape.use(out, attend(of(query, input), of(key, context), of(value, context)));
    },
  };
}
