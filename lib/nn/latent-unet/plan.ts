import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import type { ImageShape } from '../../core/images.js';

export interface LatentUnetOptions {
  /** Of the latents. */
  readonly shape: ImageShape;
  /** Labels are 0 .. classes - 1. No label needs no row of the table: its token is 0. */
  readonly classes: number;
  /** Channels of the first level, times its multiplier; the length of the sinusoids of the time. Even. */
  readonly features: number;
  /** Channels of each level, in `features`; the sides are halved from one to the next. */
  readonly multipliers: readonly number[];
  /** Residual blocks of each level going down; one more going up. Default 2. */
  readonly blocks?: number;
  /** Whether each level has transformers; the middle has one. Default: all. */
  readonly attention?: readonly boolean[];
  /** Length of a class's token. Default 512. */
  readonly contextSize?: number;
  /** Channels of an attention head, the same in all stages of training. Default 8. */
  readonly headWidth?: number;
  /** Channels that a norm takes together, at least; never more than 32 groups. Default 1. */
  readonly groupWidth?: number;
  /** Transformers from this one on, counted from 1 in the order of their use, are in the role 'transformer'. Default 1. */
  readonly tunedFrom?: number;
  /** Rank of the adapters of all transformers; default 0, which is none. */
  readonly rank?: number;
}

/** One residual block, with what comes before and after it. */
export interface LatentStep {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** A residual block, or a convolution that halves or doubles the sides. */
  readonly kind: 'block' | 'halve' | 'double';
  /** Whether the last output that waits goes in too, behind the channels that come. */
  readonly joins?: boolean;
  /** Number of the transformer behind it, from 1 in the order of use. */
  readonly transformer?: number;
}

export interface LatentPlan {
  /** The outputs of the first convolution and of all these wait for steps that join. */
  readonly down: readonly LatentStep[];
  readonly middle: readonly LatentStep[];
  readonly up: readonly LatentStep[];
}

/**
 * The steps of the U-Net of latent diffusion, in the order of their use.
 *
 * @throws OptionError for sizes that are no whole numbers above 0, sides that cannot be halved so often, heads that do not fit.
 */
export function planLatentUnet(options: LatentUnetOptions): LatentPlan {
  checkOptions(options);
  const { features, multipliers, blocks = 2, attention = multipliers.map(() => true) } = options;
  const last = multipliers.length - 1;
  let [inputs, transformers] = [features, 0];
  const waiting = [features];
  const step = (rest: Omit<LatentStep, 'inputs' | 'transformer'>, attends: boolean): LatentStep => {
    const joined = rest.joins ? waiting.pop()! : 0;
    const made = { ...rest, inputs: inputs + joined, ...(attends && { transformer: ++transformers }) };
    inputs = rest.outputs;
    return made;
  };
  const down = multipliers.flatMap((multiplier, level) => {
    const outputs = features * multiplier;
    const steps = Array.from({ length: blocks }, (_, i) =>
      step({ name: `down${level}.block${i}`, kind: 'block', outputs }, attention[level]!),
    );
    if (level < last) steps.push(step({ name: `down${level}.halve`, kind: 'halve', outputs }, false));
    waiting.push(...steps.map((made) => made.outputs));
    return steps;
  });
  const middle = [
    step({ name: 'middle.first', kind: 'block', outputs: inputs }, true),
    step({ name: 'middle.second', kind: 'block', outputs: inputs }, false),
  ];
  const up: LatentStep[] = [];
  for (let level = last; level >= 0; level--) {
    const outputs = features * multipliers[level]!;
    for (let i = 0; i <= blocks; i++)
      up.push(step({ name: `up${level}.block${i}`, kind: 'block', outputs, joins: true }, attention[level]!));
    if (level > 0) up.push(step({ name: `up${level}.double`, kind: 'double', outputs }, false));
  }
  return { down, middle, up };
}

function checkOptions(options: LatentUnetOptions): void {
  const { shape, classes, features, multipliers, blocks = 2, attention } = options;
  const { contextSize = 512, headWidth = 8, groupWidth = 1, tunedFrom = 1, rank = 0 } = options;
  check('count', 'latentUnet', { classes, features, blocks, contextSize, headWidth, groupWidth, tunedFrom });
  check('count', 'latentUnet', { levels: multipliers.length });
  check('countOrZero', 'latentUnet', { rank });
  multipliers.forEach((multiplier) => check('count', 'latentUnet', { multiplier }));
  const refuse = (wrong: string, got: unknown, expected: string) => {
    throw new OptionError({ asked: 'latentUnet', wrong, got, expected });
  };
  if (features % 2 !== 0)
    refuse('features is odd', features, 'an even number: half are cosines and half sines of the time');
  if (attention && attention.length !== multipliers.length)
    refuse('attention has another length than multipliers', attention.length, String(multipliers.length));
  for (const multiplier of multipliers)
    if ((features * multiplier) % headWidth !== 0)
      refuse('the heads do not divide the channels of a level', headWidth, `a divisor of ${features * multiplier}`);
  const divisor = 2 ** (multipliers.length - 1);
  const { height, width } = shape;
  if (height % divisor !== 0 || width % divisor !== 0)
    refuse('the sides of the latents cannot be halved for all levels', [height, width], `multiples of ${divisor}`);
}
