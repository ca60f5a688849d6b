import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import type { ImageShape } from '../../core/images.js';

export interface UnetOptions {
  readonly shape: ImageShape;
  /** Labels are 0 .. classes - 1, and `classes` for none. With 0 there are no labels at all. */
  readonly classes: number;
  /** Channels of the first level, times its multiplier; the length of the noise level's vector. */
  readonly features: number;
  /** Channels of each level, in `features`; the sides are halved from one to the next. */
  readonly multipliers: readonly number[];
  /** Residual blocks of each level going down; one more going up. Default 2. */
  readonly blocks?: number;
  /** Heights of the levels that have attention, or the lowest level whatever its height is; the middle always has. */
  readonly attention: readonly (number | 'deepest')[];
  /** Squares of so many pixels a side become one position with more channels, and back at the end. Default 1. */
  readonly patch?: number;
  /**
   * Channels of a learned picture for each label, which the first convolution sees beside the noisy image; default 0, as in the
   * papers. Without it a network of convolutions is told the label by numbers that are the same everywhere and has to learn
   * where to draw from the borders alone: of short trainings it is the larger part.
   */
  readonly labelMap?: number;
  /**
   * Fewer blocks: `blocks` a level, halving and doubling blocks change the channels themselves, only the last output of a
   * level waits for the way up, one block joins it, and the middle has attention only where `attention` says so.
   */
  readonly lean?: boolean;
}

/** One residual block, with what comes before and after it. */
export interface Step {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly resample?: 'up' | 'down';
  /** Whether the last output that waits goes in too, behind the channels that come. */
  readonly joins?: boolean;
  /** Whether its output waits for a step that joins. */
  readonly waits?: boolean;
  readonly attention?: boolean;
}

export interface Plan {
  /** Channels of the images as the first convolution sees them. */
  readonly imageChannels: number;
  /** Channels after the first convolution. */
  readonly stem: number;
  /** Their outputs wait for steps that join; in a plan that is not lean that of the first convolution too. */
  readonly down: readonly Step[];
  readonly middle: readonly Step[];
  readonly up: readonly Step[];
}

/** @throws OptionError for sizes that are no whole numbers above 0, image sides that cannot be halved so often, and no such level. */
export function planUnet(options: UnetOptions): Plan {
  const { shape, classes, features, multipliers, blocks = 2, patch = 1 } = options;
  check('count', 'unet', { features, blocks, patch, levels: multipliers.length });
  check('countOrZero', 'unet', { classes, labelMap: options.labelMap ?? 0 });
  multipliers.forEach((multiplier) => check('count', 'unet', { multiplier }));
  checkFeatures(features);
  checkSides(shape, patch * 2 ** (multipliers.length - 1));
  const heights = multipliers.map((_, level) => shape.height / patch / 2 ** level);
  checkAttention(options.attention, heights);
  const attends = (level: number) =>
    options.attention.includes(heights[level]!) ||
    (level === heights.length - 1 && options.attention.includes('deepest'));
  const imageChannels = shape.channels * patch ** 2;
  if (options.lean) return { imageChannels, stem: features, ...leanPlan(options, attends) };
  const last = multipliers.length - 1;
  const down: Step[] = [];
  const waiting = [features];
  let inputs = features;
  const goDown = (step: Omit<Step, 'inputs'>): void => {
    down.push({ ...step, inputs, waits: true });
    waiting.push((inputs = step.outputs));
  };
  multipliers.forEach((multiplier, level) => {
    const outputs = features * multiplier;
    for (let i = 0; i < blocks; i++) goDown({ name: `down${level}.block${i}`, outputs, attention: attends(level) });
    if (level < last) goDown({ name: `down${level}.halve`, outputs, resample: 'down' });
  });
  const middle: Step[] = [
    { name: 'middle.first', inputs, outputs: inputs, attention: true },
    { name: 'middle.second', inputs, outputs: inputs },
  ];
  const up: Step[] = [];
  for (let level = last; level >= 0; level--) {
    const outputs = features * multipliers[level]!;
    for (let i = 0; i <= blocks; i++) {
      const attention = attends(level) && i === blocks;
      up.push({ name: `up${level}.block${i}`, inputs: inputs + waiting.pop()!, outputs, joins: true, attention });
      inputs = outputs;
    }
    if (level > 0) up.push({ name: `up${level}.double`, inputs, outputs, resample: 'up' });
  }
  return { imageChannels, stem: features, down, middle, up };
}

function leanPlan(
  { features, multipliers, blocks = 2 }: UnetOptions,
  attends: (level: number) => boolean,
): Omit<Plan, 'imageChannels' | 'stem'> {
  const widths = multipliers.map((multiplier) => features * multiplier);
  const last = widths.length - 1;
  const down: Step[] = [];
  const up: Step[] = [];
  let inputs = features;
  const through = (steps: Step[], step: Omit<Step, 'inputs'>): void => {
    steps.push({ ...step, inputs });
    inputs = step.outputs;
  };
  for (let level = 0; level < last; level++) {
    const outputs = widths[level]!;
    for (let i = 0; i < blocks; i++)
      through(down, { name: `down${level}.block${i}`, outputs, attention: attends(level), waits: i === blocks - 1 });
    through(down, { name: `down${level}.halve`, outputs: widths[level + 1]!, resample: 'down' });
  }
  const middle: Step[] = [];
  for (let i = 0; i < blocks; i++)
    through(middle, { name: `middle.block${i}`, outputs: widths[last]!, attention: attends(last) });
  for (let level = last - 1; level >= 0; level--) {
    const outputs = widths[level]!;
    through(up, { name: `up${level}.double`, outputs, resample: 'up' });
    up.push({ name: `up${level}.block`, inputs: 2 * outputs, outputs, joins: true, attention: attends(level) });
  }
  return { down, middle, up };
}

function checkFeatures(features: number): void {
  if (features % 2 === 0 && features >= 4) return;
  throw new OptionError({
    asked: 'unet',
    wrong: 'features is out of range',
    got: features,
    expected: 'an even number of at least 4: half are sines and half cosines of the noise level',
  });
}

function checkAttention(attention: UnetOptions['attention'], heights: readonly number[]): void {
  for (const height of attention) {
    if (height === 'deepest' || heights.includes(height)) continue;
    throw new OptionError({
      asked: 'unet',
      wrong: 'no level has the height of an attention',
      got: height,
      expected: heights.join(', '),
    });
  }
}

function checkSides({ height, width }: ImageShape, divisor: number): void {
  if (height % divisor === 0 && width % divisor === 0) return;
  throw new OptionError({
    asked: 'unet',
    wrong: 'the image sides cannot be halved for all levels',
    got: [height, width],
    expected: `multiples of ${divisor}`,
    next: 'Take fewer levels or a smaller patch, or pad the images.',
  });
}
