import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import { runOp, tf, type Tensor, type Tensor2D, type Tensor3D } from '../../tensor/index.js';
import { byPosition } from './dense.js';
import type { Layer } from './layer.js';
import { copiedParameter, copies } from './weight-probe.js';

export interface GroupNormOptions {
  readonly name: string;
  readonly channels: number;
  readonly groups: number;
  /** Whether x * sigmoid(x) follows, in the same pass. Default false. */
  readonly silu?: boolean;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
}

/**
 * Group normalisation (Wu and He 2018) of `[batch, ..., channels]`, with a scale and a shift for each channel: each group
 * of neighbouring channels of one example gets mean 0 and variance 1 over the group and all positions. Variances are
 * E[x^2] - E[x]^2 in float32: activations whose mean is 100 times their spread lose three digits.
 *
 * @throws OptionError when the groups do not divide the channels.
 * @example
 * const layer = groupNorm({ name: 'norm', channels: 64, groups: 16, silu: true });   // norm.scale [64], norm.shift [64]
 */
export function groupNorm({ name, channels, groups, silu = false, epsilon = 1e-5 }: GroupNormOptions): Layer {
  check('count', 'groupNorm', { channels, groups });
  check('positive', 'groupNorm', { epsilon });
  if (channels % groups !== 0)
    throw new OptionError({
      asked: 'groupNorm',
      wrong: 'the groups do not divide the channels',
      got: groups,
      expected: `a divisor of ${channels}`,
    });
  const [scaleName, shiftName] = [`${name}.scale`, `${name}.shift`];
  return {
    kind: 'groupNorm',
    parameters: { [scaleName]: copiedParameter([channels], 1), [shiftName]: copiedParameter([channels], 0, channels) },
    probeShape: ([batch]) => [batch!, 2 * channels],
    apply: (weights, input, probe) => {
      const batch = input.shape[0]!;
      const scale = copies(weights[scaleName]!, batch, probe);
      const shift = copies(weights[shiftName]!, batch, probe, channels);
      return normalise(byPosition(input), scale as Tensor2D, shift as Tensor2D, { groups, silu, epsilon }).reshape(
        input.shape,
      );
    },
  };
}

interface Normalisation {
  readonly groups: number;
  readonly silu: boolean;
  readonly epsilon: number;
}

/**
 * Two reductions and one multiply-add, with its gradient written by hand: about five times faster than tf.moments and
 * automatic differentiation (engine.md, section 2). With n = (x - mean) r and z = n scale + shift, the gradients by scale
 * and shift, `[batch, channels]`, are sums over positions that the gradient by x needs anyway.
 */
function normalise(x: Tensor3D, scale: Tensor2D, shift: Tensor2D, options: Normalisation): Tensor3D {
  const [batch, , channels] = x.shape;
  const { groups, silu, epsilon } = options;
  /** Means over the groups of `[batch, channels]`, given to each of their channels. */
  const overGroups = (values: Tensor): Tensor2D => {
    const means = values.reshape([batch, groups, channels / groups]).mean(2, true);
    return tf.tile(means, [1, 1, channels / groups]).reshape([batch, channels]);
  };
  const everywhere = (values: Tensor): Tensor3D => values.reshape([batch, 1, channels]);
  const fused = tf.customGrad((...args) => {
    // tfjs hands the arguments and, last, what saves tensors for the gradient.
    const [x, scale, shift, save] = args as unknown as [Tensor3D, Tensor2D, Tensor2D, (saved: Tensor[]) => void];
    const mean = overGroups(x.mean(1));
    const variance = overGroups(meanSquares(x)).sub(mean.square()).relu();
    const r = variance.add(epsilon).rsqrt();
    const slope = r.mul(scale);
    const z = x.mul(everywhere(slope)).add(everywhere(shift.sub(mean.mul(slope))));
    save([x, scale, mean, r, z]);
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
      const [x, scale, mean, r, z] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const dz = silu ? siluGradient(dy, z) : dy;
      const dShift = dz.sum(1);
      const dScale = r.mul(dz.mul(x).sum(1).sub(mean.mul(dShift)));
      const positions = x.shape[1]!;
      const [first, second] = [overGroups(scale.mul(dShift)), overGroups(scale.mul(dScale))];
      const ofInput = r.square().mul(second).div(positions); // times x, subtracted
      const rest = mean.mul(ofInput).sub(r.mul(first).div(positions));
      const dx = dz
        .mul(everywhere(r.mul(scale)))
        .sub(x.mul(everywhere(ofInput)))
        .add(everywhere(rest));
      return [dx, dScale, dShift];
    };
    return { value: silu ? z.mul(z.sigmoid()) : z, gradFunc };
  });
  return fused(x, scale, shift) as Tensor3D;
}

/** Means over positions of squares, in one pass: `[batch, channels]`. */
function meanSquares(x: Tensor3D): Tensor {
  const attributes = { T: { type: 'float32' }, Tidx: { type: 'int32' }, keep_dims: { bool: false } } as const;
  const [norms] = runOp('EuclideanNorm', attributes, [x, tf.scalar(1, 'int32')]);
  return norms!.square().div(x.shape[1]);
}

/** d/dz of z sigmoid(z) is s + z s (1 - s), the second term in one pass. */
function siluGradient(dy: Tensor, z: Tensor): Tensor {
  const s = z.sigmoid();
  const [second] = runOp('SigmoidGrad', { T: { type: 'float32' } }, [s, z]);
  return dy.mul(s.add(second!));
}
