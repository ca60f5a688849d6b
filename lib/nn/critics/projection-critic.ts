import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import type { ImageShape } from '../../core/images.js';
import type { Tensor } from '../../tensor/index.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { embedding } from '../layers/embedding.js';
import { groupNorm } from '../layers/group-norm.js';
import type { Layer } from '../layers/layer.js';
import { downsample } from '../layers/resample.js';
import type { Tape } from '../tape.js';
import type { Critic } from './critic.js';

interface ProjectionCriticOptions {
  /** Sides are multiples of 4, and of 16 from 64 on. */
  readonly shape: ImageShape;
  /** Length of a one-hot label. */
  readonly classes: number;
  /** Of every block. Default 160, the paper's. */
  readonly channels?: number;
}

const initial = { law: 'orthogonal' } as const;

/**
 * The critic of DPGAN in DPImageBench: BigGAN's residual blocks with group normalisation, which leaves examples apart, where
 * BigGAN has batch and spectral normalisation; the features h are summed over all places, and the score is `w . h + b + e_y . h`
 * (a projection discriminator: Miyato and Koyama 2018, equation 4). Weights start orthogonal. 1,184,163 parameters at 28 x 28 x 1
 * with 10 classes.
 *
 * @throws OptionError when a side cannot be halved as often as the blocks halve it.
 * @example
 * const critic = projectionCritic({ shape: { height: 28, width: 28, channels: 1 }, classes: 10 });
 * const weights = initialParameters(critic.layers, stream);
 * const scores = critic.apply(forwardTape(weights), images, labels);   // [rows]
 */
export function projectionCritic({ shape, classes, channels = 160 }: ProjectionCriticOptions): Critic {
  check('count', 'projectionCritic', { classes, channels });
  const halvings = halvingsOf(shape);
  const first = firstBlock('block1', shape.channels, channels);
  const others = halvings.slice(1).map((halve, i) => block(`block${i + 2}`, channels, halve));
  const score = dense({ name: 'score', inputs: channels, outputs: 1, initial });
  const label = embedding({ name: 'label', count: classes, size: channels, initial });
  return {
    layers: [...first.layers, ...others.flatMap(({ layers }) => layers), score, label],
    apply: (tape, images, labels) => {
      let x = first.apply(tape, images.mul(2).sub(1)); // [rows, height / 2, width / 2, channels]
      for (const other of others) x = other.apply(tape, x);
      const h = x.relu().sum([1, 2]); // [rows, channels]
      const ofLabel = h.mul(tape.use(label, labels)).sum(1); // [rows]
      return tape.use(score, h).reshape([-1]).add(ofLabel);
    },
  };
}

/** Whether each block halves the sides. */
function halvingsOf({ height, width }: ImageShape): boolean[] {
  const side = Math.min(height, width);
  const halvings = side >= 64 ? [true, true, true, true] : [true, true, false, ...(side >= 32 ? [false] : [])];
  const divisor = side >= 64 ? 16 : 4;
  if (height % divisor !== 0 || width % divisor !== 0)
    throw new OptionError({
      asked: 'projectionCritic',
      wrong: `image sides must be multiples of ${divisor}`,
      got: [height, width],
    });
  return halvings;
}

interface Block {
  readonly layers: readonly Layer[];
  apply(tape: Tape, x: Tensor): Tensor;
}

const normalisation = (name: string, channels: number) => groupNorm({ name, channels, groups: groupsOf(channels) });

/** At most 32 groups that divide the channels. */
function groupsOf(channels: number): number {
  let groups = Math.min(32, channels);
  while (channels % groups !== 0) groups--;
  return groups;
}

/** The block of the images themselves: nothing is normalised before its first convolution. */
function firstBlock(name: string, inputs: number, channels: number): Block {
  const first = conv2d({ name: `${name}.first`, inputs, outputs: channels, initial });
  const norm = normalisation(`${name}.norm`, channels);
  const second = conv2d({ name: `${name}.second`, inputs: channels, outputs: channels, initial });
  const shortcutNorm = normalisation(`${name}.shortcut.norm`, inputs);
  const shortcut = conv2d({ name: `${name}.shortcut`, inputs, outputs: channels, size: 1, initial });
  return {
    layers: [first, norm, second, shortcutNorm, shortcut],
    apply: (tape, x) => {
      const main = tape.use(second, tape.use(norm, tape.use(first, x)).relu());
      return downsample(main).add(tape.use(shortcut, tape.use(shortcutNorm, downsample(x))));
    },
  };
}

function block(name: string, channels: number, halve: boolean): Block {
  const convolution = (part: string) =>
    conv2d({ name: `${name}.${part}`, inputs: channels, outputs: channels, initial });
  const [first, second] = [convolution('first'), convolution('second')];
  const [firstNorm, secondNorm] = ['first', 'second'].map((part) =>
    normalisation(`${name}.${part}.norm`, channels),
  ) as [Layer, Layer];
  const shortcutNorm = normalisation(`${name}.shortcut.norm`, channels);
  const shortcut = conv2d({ name: `${name}.shortcut`, inputs: channels, outputs: channels, size: 1, initial });
  return {
    layers: [firstNorm, first, secondNorm, second, ...(halve ? [shortcutNorm, shortcut] : [])],
    apply: (tape, x) => {
      const inner = tape.use(first, tape.use(firstNorm, x).relu());
      const main = tape.use(second, tape.use(secondNorm, inner).relu());
      if (!halve) return main.add(x);
      return downsample(main.add(tape.use(shortcut, tape.use(shortcutNorm, x))));
    },
  };
}
