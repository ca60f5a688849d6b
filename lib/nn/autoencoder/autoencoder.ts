import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import type { ImageShape } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import { tf, type Tensor } from '../../tensor/index.js';
import { initialParameters } from '../initial-parameters.js';
import { conv2d } from '../layers/conv2d.js';
import type { Composite } from '../layers/composite.js';
import { dense } from '../layers/dense.js';
import type { Layer } from '../layers/layer.js';
import type { NetworkParameters } from '../parameters.js';
import { pytorchInitial } from '../pytorch-initial.js';
import type { Tape } from '../tape.js';
import { double, halve, inTurn, level, middle, ofLayers, out } from './stages.js';

export interface AutoencoderOptions {
  readonly shape: ImageShape;
  /** Channels of the first level, times its multiplier. */
  readonly features: number;
  /** Channels of each level, in `features`; the sides are halved from one to the next. */
  readonly multipliers: readonly number[];
  /** Residual blocks of each level of the encoder; the decoder has one more. Default 2. */
  readonly blocks?: number;
  /** Heights of the levels that have attention; the middle always has. */
  readonly attention: readonly number[];
  /** Channels of the latents. Default 3. */
  readonly latentChannels?: number;
  /** Channels that a norm takes together, at least; never more than 32 groups. Default 1. */
  readonly groupWidth?: number;
}

/** A normal law for each value of the latents of an image: `[rows, height, width, channels]` each. */
export interface Posterior {
  readonly mean: Tensor;
  readonly logVariance: Tensor;
}

export interface Autoencoder {
  readonly options: AutoencoderOptions;
  readonly latentShape: ImageShape;
  readonly layers: readonly Layer[];
  /** Those of them that make images from latents. */
  readonly decoderLayers: readonly Layer[];
  /** Parameters before training, by a stream that repeats them. */
  initialise(stream: SeededStream): NetworkParameters;
  /** @param images `[rows, height, width, channels]` in [0, 1]. */
  encode(tape: Tape, images: Tensor): Posterior;
  /** Latents of the latent shape, `[rows, …]`, to images that are in [0, 1] or a little outside. */
  decode(tape: Tape, latents: Tensor): Tensor;
}

/** Names of the last map of the encoder and of the first one of the decoder: between them are the latents. */
export const [toLatents, fromLatents] = ['encoder.latents', 'decoder.latents'];

/**
 * The autoencoder of latent diffusion (Rombach et al. 2022, arXiv 2112.10752, in the variant with a KL term): its encoder gives means and
 * variances of latents whose sides are halved once for each level but the first; the decoder mirrors it.
 *
 * @throws OptionError for sizes that do not fit the images.
 * @example
 * const network = autoencoder({ shape: { height: 28, width: 28, channels: 1 }, ...autoencoderSizes['28'] });
 * const parameters = network.initialise(new SeededStream(1));   // 14,635,197 values; latents [rows, 14, 14, 3]
 * const { mean } = network.encode(forwardTape(parameters), images);
 */
export function autoencoder(options: AutoencoderOptions): Autoencoder {
  const { shape, multipliers, latentChannels = 3 } = options;
  checkOptions(options);
  const shrink = 2 ** (multipliers.length - 1);
  const [encoder, decoder] = [encoderOf(options, 2 * latentChannels), decoderOf(options, latentChannels)];
  const decoderLayers = pytorchInitial(decoder.layers);
  const layers = [...pytorchInitial(encoder.layers), ...decoderLayers];
  return {
    options,
    latentShape: { height: shape.height / shrink, width: shape.width / shrink, channels: latentChannels },
    layers,
    decoderLayers,
    initialise: (stream) => initialParameters(layers, stream),
    encode: (tape, images) => {
      const both = encoder.apply(tape, images.mul(2).sub(1)); // [rows, height, width, 2 latentChannels]
      const [mean, logVariance] = tf.split(both, 2, 3) as [Tensor, Tensor];
      return { mean, logVariance: logVariance.clipByValue(-30, 20) };
    },
    decode: (tape, latents) => decoder.apply(tape, latents).add(1).div(2),
  };
}

function encoderOf({ shape, features, multipliers, ...rest }: AutoencoderOptions, outputs: number): Composite {
  const { blocks = 2, attention, groupWidth = 1 } = rest;
  const widths = multipliers.map((multiplier) => features * multiplier);
  const top = widths.at(-1)!;
  const levels = widths.flatMap((width, i) => {
    const inputs = widths[i - 1] ?? features;
    const attends = attention.includes(shape.height / 2 ** i);
    const name = `encoder.down${i}`;
    const stage = level({ name, inputs, outputs: width, groupWidth, blocks, attends });
    return i < widths.length - 1 ? [stage, halve(`${name}.halve`, width)] : [stage];
  });
  return inTurn([
    ofLayers(conv2d({ name: 'encoder.stem', inputs: shape.channels, outputs: features })),
    ...levels,
    middle({ name: 'encoder.middle', channels: top, groupWidth }),
    out({ name: 'encoder.out', inputs: top, outputs, groupWidth }),
    ofLayers(dense({ name: toLatents!, inputs: outputs, outputs })), // a 1 x 1 convolution
  ]);
}

function decoderOf({ shape, features, multipliers, ...rest }: AutoencoderOptions, inputs: number): Composite {
  const { blocks = 2, attention, groupWidth = 1 } = rest;
  const widths = multipliers.map((multiplier) => features * multiplier);
  const top = widths.at(-1)!;
  const levels = widths.map((width, i) => {
    const attends = attention.includes(shape.height / 2 ** i);
    const name = `decoder.up${i}`;
    const stage = level({
      name,
      inputs: widths[i + 1] ?? top,
      outputs: width,
      groupWidth,
      blocks: blocks + 1,
      attends,
    });
    return i > 0 ? inTurn([stage, double(`${name}.double`, width)]) : stage;
  });
  return inTurn([
    ofLayers(dense({ name: fromLatents!, inputs, outputs: inputs })),
    ofLayers(conv2d({ name: 'decoder.stem', inputs, outputs: top })),
    middle({ name: 'decoder.middle', channels: top, groupWidth }),
    ...levels.reverse(),
    out({ name: 'decoder.out', inputs: widths[0]!, outputs: shape.channels, groupWidth }),
  ]);
}

function checkOptions({ shape, features, multipliers, attention, ...rest }: AutoencoderOptions): void {
  const { blocks = 2, latentChannels = 3, groupWidth = 1 } = rest;
  check('count', 'autoencoder', { features, blocks, latentChannels, groupWidth, levels: multipliers.length });
  multipliers.forEach((multiplier) => check('count', 'autoencoder', { multiplier }));
  const { height, width } = shape;
  const divisor = 2 ** (multipliers.length - 1);
  if (height % divisor !== 0 || width % divisor !== 0)
    throw new OptionError({
      asked: 'autoencoder',
      wrong: 'the image sides cannot be halved for all levels',
      got: [height, width],
      expected: `multiples of ${divisor}`,
    });
  const heights = multipliers.map((_, i) => height / 2 ** i);
  for (const level of attention)
    if (!heights.includes(level))
      throw new OptionError({
        asked: 'autoencoder',
        wrong: 'no level has the height of an attention',
        got: level,
        expected: heights.join(', '),
      });
}
