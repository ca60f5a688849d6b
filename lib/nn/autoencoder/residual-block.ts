import type { Tensor } from '../../tensor/index.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { groupNorm } from '../layers/group-norm.js';
import type { Layer } from '../layers/layer.js';
import { inRole } from '../layers/role.js';
import type { Tape } from '../tape.js';

export interface ResidualBlockOptions {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Of the norms: see `latentNorm`. */
  readonly groupWidth: number;
  readonly epsilon: number;
  /** Length of the vector that says something to each channel; none when left out. */
  readonly conditionSize?: number;
  /** Whether the last convolution starts at zero, so that the block hands on its input at first. Default false. */
  readonly startsAsNothing?: boolean;
}

export interface ConditionedBlock {
  readonly layers: readonly Layer[];
  /** Images `[rows, height, width, inputs]` to as many with `outputs` channels; a vector for each row `[rows, conditionSize]`. */
  apply(tape: Tape, images: Tensor, condition?: Tensor): Tensor;
}

/**
 * The block of latent diffusion (Rombach et al. 2022, arXiv 2112.10752): the input, mapped where the channels change, plus norm, SiLU,
 * convolution, what the condition says, norm, SiLU, convolution. A plain sum: not over the square root of 2.
 */
export function residualBlock(options: ResidualBlockOptions): ConditionedBlock {
  const { name, inputs, outputs, groupWidth, epsilon, conditionSize, startsAsNothing = false } = options;
  const norm = (place: string, channels: number) =>
    latentNorm({ name: `${name}.${place}`, channels, groupWidth, epsilon, silu: true });
  const [firstNorm, secondNorm] = [norm('norm0', inputs), norm('norm1', outputs)];
  const first = inRole('residual', conv2d({ name: `${name}.conv0`, inputs, outputs }));
  const zeros = startsAsNothing ? ({ initial: { law: 'constant', value: 0 } } as const) : {};
  const second = inRole('residual', conv2d({ name: `${name}.conv1`, inputs: outputs, outputs, ...zeros }));
  const told =
    conditionSize === undefined
      ? undefined
      : inRole('residual', dense({ name: `${name}.condition`, inputs: conditionSize, outputs }));
  const through =
    inputs === outputs ? undefined : inRole('residual', dense({ name: `${name}.shortcut`, inputs, outputs }));
  return {
    layers: [firstNorm, first, ...(told ? [told] : []), secondNorm, second, ...(through ? [through] : [])],
    apply: (tape, x, condition) => {
      const h = tape.use(first, tape.use(firstNorm, x)); // [rows, height, width, outputs]
      const moved = told ? h.add(tape.use(told, condition!).reshape([-1, 1, 1, outputs])) : h;
      return (through ? tape.use(through, x) : x).add(tape.use(second, tape.use(secondNorm, moved)));
    },
  };
}

export interface LatentNormOptions {
  readonly name: string;
  readonly channels: number;
  /** Channels of a group at least: the reference's 32 groups are single channels in a network of 32. */
  readonly groupWidth: number;
  readonly epsilon: number;
  readonly silu?: boolean;
}

/** Group norm with 32 groups, or so many of `groupWidth` channels; the next number below that divides the channels. */
export function latentNorm({ name, channels, groupWidth, epsilon, silu }: LatentNormOptions): Layer {
  let groups = Math.max(1, Math.min(Math.floor(channels / groupWidth), 32));
  while (channels % groups !== 0) groups--;
  return inRole('norm', groupNorm({ name, channels, groups, silu, epsilon }));
}
