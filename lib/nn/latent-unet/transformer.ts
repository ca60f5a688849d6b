import { tf, type Tensor } from '../../tensor/index.js';
import { latentNorm } from '../autoencoder/residual-block.js';
import { gelu } from '../blip/transformer.js';
import { single } from '../layers/composite.js';
import { crossAttention, type CrossAttentionOptions } from '../layers/cross-attention.js';
import { dense } from '../layers/dense.js';
import { layerNorm } from '../layers/layer-norm.js';
import type { Layer } from '../layers/layer.js';
import { lowRank } from '../layers/low-rank.js';
import { inRole } from '../layers/role.js';
import type { Tape } from '../tape.js';

export interface TransformerOptions {
  readonly name: string;
  readonly channels: number;
  /** Length of the token of the class. */
  readonly contextSize: number;
  /** Channels of an attention head. */
  readonly headWidth: number;
  readonly groupWidth: number;
  /** Rank of adapters of all maps to queries, keys and values; none with 0. */
  readonly rank: number;
  /** Of all layers but the adapters, whose role is 'adapter'. */
  readonly role: string;
}

export interface Transformer {
  readonly layers: readonly Layer[];
  /** Images `[rows, height, width, channels]`, told one token each, `[rows, 1, contextSize]`. */
  apply(tape: Tape, images: Tensor, token: Tensor): Tensor;
}

/**
 * The spatial transformer of latent diffusion (Rombach et al. 2022, arXiv 2112.10752, appendix E.2.1): all positions attend to each
 * other, then to the token, then each goes through a gated layer, each with a shortcut after a norm; and a shortcut
 * around it all, whose branch starts at 0.
 *
 * With a single token the softmax over tokens is 1, whatever queries and keys are: those of the second attention have no
 * gradient. They are there because the reference trains them, and counts them.
 */
export function transformer(options: TransformerOptions): Transformer {
  const { name, channels, contextSize, headWidth, groupWidth, rank, role } = options;
  const norm = (place: string) => layerNorm({ name: `${name}.${place}`, size: channels });
  const map: CrossAttentionOptions['map'] = (given) => (rank > 0 ? lowRank({ ...given, rank }) : single(dense(given)));
  const shared = { size: channels, heads: channels / headWidth, bias: false, map };
  const before = latentNorm({ name: `${name}.norm`, channels, groupWidth, epsilon: 1e-6 });
  const into = dense({ name: `${name}.in`, inputs: channels, outputs: channels });
  const [ofSelf, ofToken, ofLast] = [norm('norm0'), norm('norm1'), norm('norm2')];
  const self = crossAttention({ ...shared, name: `${name}.self`, contextSize: channels });
  const toToken = crossAttention({ ...shared, name: `${name}.class`, contextSize });
  const gated = dense({ name: `${name}.gated`, inputs: channels, outputs: 8 * channels });
  const last = dense({ name: `${name}.last`, inputs: 4 * channels, outputs: channels });
  const initial = { law: 'constant', value: 0 } as const;
  const out = dense({ name: `${name}.out`, inputs: channels, outputs: channels, initial });
  const all = [before, into, ofSelf, ...self.layers, ofToken, ...toToken.layers, ofLast, gated, last, out];
  return {
    layers: all.map((layer) => (layer.role === 'adapter' ? layer : inRole(role, layer))),
    apply: (tape, images, token) => {
      const [rows, height, width] = images.shape as [number, number, number, number];
      let x = tape.use(into, tape.use(before, images)).reshape([rows, height * width, channels]);
      const seen = tape.use(ofSelf, x); // [rows, positions, channels]
      x = x.add(self.apply(tape, seen, seen));
      x = x.add(toToken.apply(tape, tape.use(ofToken, x), token));
      const [value, gate] = tf.split(tape.use(gated, tape.use(ofLast, x)), 2, 2) as [Tensor, Tensor];
      x = x.add(tape.use(last, value.mul(gelu(gate))));
      return images.add(tape.use(out, x).reshape([rows, height, width, channels]));
    },
  };
}
