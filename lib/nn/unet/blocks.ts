import { tf, type Tensor } from '../../tensor/index.js';
import type { Composite } from '../layers/composite.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { groupNorm } from '../layers/group-norm.js';
import type { Layer } from '../layers/layer.js';
import { downsample, upsample } from '../layers/resample.js';
import { inRole } from '../layers/role.js';
import { selfAttention } from '../layers/self-attention.js';
import type { Tape } from '../tape.js';
import type { Step } from './plan.js';

/** Gain of the layers that end a branch: at first each block hands on its input, and the network's output is 0. */
export const nearZero = 1e-10;

export interface ResidualBlock {
  readonly layers: readonly Layer[];
  /** Images `[rows, height, width, inputs]`, and a vector for each row `[rows, conditionSize]`. */
  apply(tape: Tape, images: Tensor, condition: Tensor): Tensor;
}

/**
 * Two branches over the square root of 2, so that their variance stays: the input, and norm, SiLU, convolution, plus what
 * the condition says to each channel, norm, SiLU, convolution. Both are resampled where the step says so.
 */
export function residualBlock({ name, inputs, outputs, resample }: Step, conditionSize: number): ResidualBlock {
  const firstNorm = norm(`${name}.norm0`, inputs, true);
  const first = inRole('residual', conv2d({ name: `${name}.conv0`, inputs, outputs }));
  const told = inRole('residual', dense({ name: `${name}.condition`, inputs: conditionSize, outputs }));
  const secondNorm = norm(`${name}.norm1`, outputs, true);
  const second = inRole('residual', conv2d({ name: `${name}.conv1`, inputs: outputs, outputs, gain: nearZero }));
  const through = inRole('residual', dense({ name: `${name}.shortcut`, inputs, outputs })); // a 1 x 1 convolution
  const mapped = inputs !== outputs || resample !== undefined;
  const resized = (x: Tensor) => (resample === 'up' ? upsample(x) : resample === 'down' ? downsample(x) : x);
  /** A 1 x 1 convolution may come before or after resampling: where there are fewer positions. */
  const shortcut = (tape: Tape, x: Tensor): Tensor => {
    if (!mapped) return x;
    return resample === 'up' ? upsample(tape.use(through, x)) : tape.use(through, resized(x));
  };
  return {
    layers: [firstNorm, first, told, secondNorm, second, ...(mapped ? [through] : [])],
    apply: (tape, x, condition) => {
      const h = tape.use(first, resized(tape.use(firstNorm, x))); // [rows, height, width, outputs]
      const moved = h.add(tape.use(told, condition).reshape([-1, 1, 1, outputs]));
      const branch = tape.use(second, tape.use(secondNorm, moved));
      return shortcut(tape, x).add(branch).mul(Math.SQRT1_2);
    },
  };
}

/** Self-attention with one head over all positions of `[rows, height, width, channels]`, after a norm and with a shortcut. */
export function attentionBlock(name: string, channels: number): Composite {
  const before = norm(`${name}.norm`, channels, false);
  const attention = selfAttention({ name, size: channels, gains: { project: 0.1, out: nearZero } });
  const inAttention = attention.layers.map((layer) => inRole('attention', layer));
  return {
    layers: [before, ...inAttention],
    apply: (tape, x) => {
      const positions = tape.use(before, x).reshape([x.shape[0]!, -1, channels]);
      return x.add(attention.apply(tape, positions).reshape(x.shape)).mul(Math.SQRT1_2);
    },
  };
}

/** Group norm with groups of four channels, at most 32 of them; the next number below that divides the channels. */
export function norm(name: string, channels: number, silu: boolean): Layer {
  let groups = Math.max(1, Math.min(Math.floor(channels / 4), 32));
  while (channels % groups !== 0) groups--;
  return inRole('norm', groupNorm({ name, channels, groups, silu, epsilon: 1e-6 }));
}

/**
 * Sines and cosines `[rows, size]` of numbers `[rows]` times frequencies from 1 down to 1/10000 (Vaswani et al. 2017,
 * section 3.5, as DDPM has it: `exp(-ln(10000) i / (size / 2 - 1))`).
 */
export function sinusoids(values: Tensor, size: number): Tensor {
  const half = size / 2;
  const frequencies = Array.from({ length: half }, (_, i) => 10000 ** (-i / (half - 1)));
  const angles = values.reshape([-1, 1]).mul(tf.tensor2d([frequencies])); // [rows, size / 2]
  return tf.concat([angles.sin(), angles.cos()], 1);
}
