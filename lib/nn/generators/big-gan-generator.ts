import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import type { ImageShape } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import { tf, type Tensor, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import { disposeAll, type NetworkParameters, type Weights } from '../parameters.js';
import { normaliseByBatch, withoutEffect } from './batch-statistics.js';
import { convolve, convolveByPlace, convolveToFew, enlargeAndConvolve } from './convolutions.js';
import { FixedStatistics, type Normalise } from './fixed-statistics.js';
import type { ConditionalGenerator } from './generator.js';
import { attendToImage } from './image-attention.js';
import { PowerIteration, spectrallyNormalised } from '../spectral-norm.js';
import type { InitialMatrix } from '../layers/layer.js';
import { upsample } from '../layers/resample.js';
import { drawParameters } from '../initial-parameters.js';

export interface BigGanOptions {
  /** The width parameter; every block has 4 times as many channels. The papers take 41 at 28 pixels, 60 or 96. */
  readonly width: number;
  /** Length of a one-hot label. */
  readonly classes: number;
  /** Sides are multiples of 4; where they are multiples of 8 from 32 on, there are three blocks, else two. */
  readonly shape: ImageShape;
  readonly stream: SeededStream;
}

const latentSize = 60;
const labelSize = 128;

/**
 * The generator of DP-MERF, DP-NTK, DP-Kernel and DPGAN in DPImageBench: BigGAN's (Brock, Donahue and Simonyan 2019) with the
 * same number of channels in every block. The latent is cut into chunks, one for the first layer and one for each block,
 * where it moves the scale and shift of batch normalisation together with a vector of the class; a block enlarges the image
 * twice; behind the second stands self-attention. All weights are spectrally normalised and start orthogonal.
 *
 * For images by themselves the reference implementation uses running averages of the statistics of training, momentum 0.1,
 * which lag behind the weights; here `fixStatistics` takes those of the weights as they are now. At 28 x 28 x 1 with width
 * 41 and 10 classes it has 1,422,506 parameters.
 *
 * @throws OptionError when a side is no multiple of 4.
 * @example const generator = bigGanGenerator({ width: 41, classes: 10, shape, stream: new SeededStream(1) });
 */
export function bigGanGenerator(options: BigGanOptions): ConditionalGenerator {
  return new BigGanGenerator(options);
}

class BigGanGenerator implements ConditionalGenerator {
  readonly options;
  readonly parameters: NetworkParameters;
  readonly state: NetworkParameters;
  readonly #norm: PowerIteration;
  readonly #fixed: FixedStatistics;
  readonly #sizes;

  constructor({ width, classes, shape, stream }: BigGanOptions) {
    check('count', 'bigGanGenerator', { width, classes });
    this.options = { latentSize, classes, shape };
    this.#sizes = sizesOf(shape, 4 * width);
    this.parameters = initialWeights(bigGanShapes({ width, classes, shape }), stream);
    const normalised = Object.keys(this.parameters).filter((name) => name.endsWith('kernel'));
    this.#norm = new PowerIteration(normalised);
    this.state = this.#norm.start(this.parameters, stream.fork('power iteration'));
    this.#fixed = new FixedStatistics((...inputs) => this.#forward(...inputs));
  }

  get #all(): Weights {
    return { ...this.parameters, ...this.state };
  }

  advance(): void {
    this.#norm.advance(this.parameters, this.state);
  }

  drawLatents(count: number, stream: SeededStream): Tensor2D {
    const values = new Float32Array(count * latentSize);
    stream.fillNormal(values);
    return tf.tensor2d(values, [count, latentSize]);
  }

  train(latents: Tensor2D, labels: Tensor2D, weights: Weights = this.#all): Tensor4D {
    return tf.tidy(() => this.#forward(weights, latents, labels, (_name, ...rest) => normaliseByBatch(...rest)));
  }

  fixStatistics(latents: Tensor2D, labels: Tensor2D): void {
    this.#fixed.find(this.#all, latents, labels);
  }

  generate(latents: Tensor2D, labels: Tensor2D): Tensor4D {
    return this.#fixed.generate(this.#all, latents, labels);
  }

  #forward(weights: Weights, latents: Tensor2D, labels: Tensor2D, normalise: Normalise): Tensor4D {
    const { start, blocks, channels } = this.#sizes;
    const batch = latents.shape[0];
    const of = (name: string) => spectrallyNormalised(weights, `${name}.kernel`);
    const matrix = (name: string) => of(name) as Tensor2D;
    const bias = (name: string) => weights[`${name}.bias`]!;
    const chunks = tf.split(latents, blocks + 1, 1) as Tensor2D[];
    const vectors = labels.matMul(weights['embedding'] as Tensor2D) as Tensor2D; // [batch, 128]
    const byClass = (name: string, x: Tensor4D, input: Tensor2D): Tensor4D => {
      const both = input.matMul(tf.concat([matrix(`${name}.scale`), matrix(`${name}.shift`)], 1));
      const [scale, shift] = tf.split(both, 2, 1) as [Tensor2D, Tensor2D]; // [batch, channels] each
      return normalise(name, x, scale.add(1), shift);
    };
    const block = (name: string, x: Tensor4D, chunk: Tensor2D): Tensor4D => {
      const input = tf.concat([vectors, chunk], 1); // [batch, 128 + chunk]
      const [first, second] = [`${name}.first`, `${name}.second`];
      const large = withoutEffect(bias(first), enlargeAndConvolve(byClass(first, x, input), of(first))); // [batch, 2 height, 2 width, channels]
      const main = convolve(byClass(second, large, input), of(second), bias(second));
      // A map of each place's channels and the enlarging can change places; this way there are fewer places to map.
      const around = convolveByPlace(x, of(`${name}.shortcut`)).add(bias(`${name}.shortcut`));
      return main.add(upsample(around));
    };
    let x = chunks[0]!.matMul(matrix('first')).add(bias('first')).reshape([batch, ...start, channels]) as Tensor4D; // prettier-ignore
    for (let i = 1; i <= blocks; i++) {
      x = block(`block${i}`, x, chunks[i]!);
      if (i === 2) x = attendToImage(x, attentionWeights(weights)); // [batch, height, width, channels]
    }
    // Rows of one scale and one shift. Not by tf.tile: tfjs would sum its gradient over the batch with two ops a row.
    const rows = (weight: Tensor) => tf.zeros([batch, channels]).add<Tensor2D>(weight);
    const last = normalise('last', x, rows(weights['last.scale']!), rows(weights['last.shift']!));
    const images = convolveToFew(last, of('last'), bias('last')).tanh(); // in [-1, 1]
    return images.div(2).add(0.5); // [batch, height, width, channels of the image]
  }

  dispose(): void {
    disposeAll(this.parameters);
    disposeAll(this.state);
    this.#norm.dispose();
    this.#fixed.dispose();
  }
}

interface Sizes {
  /** Height and width before the first block. */
  readonly start: readonly [number, number];
  readonly blocks: number;
  readonly channels: number;
}

function sizesOf({ height, width }: ImageShape, channels: number): Sizes {
  if (height % 4 !== 0 || width % 4 !== 0)
    throw new OptionError({
      asked: 'bigGanGenerator',
      wrong: 'image sides must be multiples of 4',
      got: [height, width],
    });
  const blocks = Math.min(height, width) >= 32 && height % 8 === 0 && width % 8 === 0 ? 3 : 2;
  return { start: [height / 2 ** blocks, width / 2 ** blocks], blocks, channels };
}

function attentionWeights(weights: Weights) {
  const of = (name: string) => spectrallyNormalised(weights, `attention.${name}.kernel`);
  return {
    query: of('query'),
    key: of('key'),
    value: of('value'),
    out: of('out'),
    weight: weights['attention.weight']!,
  };
}

/** Shapes of the parameters by name, in their order. Matrices and kernels end with their inputs and outputs. */
export function bigGanShapes({ width, classes, shape }: Omit<BigGanOptions, 'stream'>): Record<string, number[]> {
  const channels = 4 * width;
  const { start, blocks } = sizesOf(shape, channels);
  const chunk = latentSize / (blocks + 1);
  const layer = (name: string, kernel: number[]) => ({
    [`${name}.kernel`]: kernel,
    [`${name}.bias`]: [kernel.at(-1)!],
  });
  const half = (name: string) => ({
    [`${name}.scale.kernel`]: [labelSize + chunk, channels],
    [`${name}.shift.kernel`]: [labelSize + chunk, channels],
    ...layer(name, [3, 3, channels, channels]),
  });
  const block = (name: string): Record<string, number[]> => ({
    ...half(`${name}.first`),
    ...half(`${name}.second`),
    ...layer(`${name}.shortcut`, [channels, channels]),
  });
  const all = Array.from({ length: blocks }, (_, i) => Object.entries(block(`block${i + 1}`)));
  const [few, many] = [Math.floor(channels / 8), Math.floor(channels / 2)];
  return {
    embedding: [classes, labelSize],
    ...layer('first', [chunk, start[0] * start[1] * channels]),
    ...Object.fromEntries(all.flat()),
    'attention.query.kernel': [channels, few],
    'attention.key.kernel': [channels, few],
    'attention.value.kernel': [channels, many],
    'attention.out.kernel': [many, channels],
    'attention.weight': [],
    'last.scale': [channels],
    'last.shift': [channels],
    ...layer('last', [3, 3, channels, shape.channels]),
  };
}

function initialWeights(shapes: Record<string, number[]>, stream: SeededStream): NetworkParameters {
  const initial = (name: string, shape: number[]): InitialMatrix =>
    shape.length >= 2 ? { law: 'orthogonal' } : { law: 'constant', value: name === 'last.scale' ? 1 : 0 };
  const plans = Object.entries(shapes).map(
    ([name, shape]) => [name, { shape, initial: initial(name, shape) }] as const,
  );
  return drawParameters(Object.fromEntries(plans), stream);
}
