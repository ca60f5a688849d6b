import { OptionError } from '../../core/errors.js';
import type { ImageShape } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import { tf, type Tensor1D, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import type { ConditionalGenerator } from './generator.js';
import { constant, disposeAll, heNormal, type NetworkParameters, type Weights } from '../parameters.js';

interface SmallGeneratorOptions {
  readonly latentSize: number;
  readonly classes: number;
  readonly shape: ImageShape;
  readonly stream: SeededStream;
}

/** Mean and variance of each normalised layer, by name. */
type Statistics = Record<string, { mean: Tensor1D; variance: Tensor1D }>;

const hidden = 200;
const channels = 16;

/**
 * A small class-conditional generator: two dense layers, then twice "enlarge and convolve", the shape of the original
 * DP-MERF generator (Harder et al. 2021, appendix). Image sides must be multiples of 4. 166,161 parameters at 28 x 28 x 1
 * with latent size 5 and 10 classes.
 */
export class SmallGenerator implements ConditionalGenerator {
  readonly parameters: NetworkParameters;
  readonly state = {};
  #statistics: Statistics = {};

  constructor(readonly options: SmallGeneratorOptions) {
    const { latentSize, classes, shape, stream } = options;
    const { height, width } = shape;
    if (height % 4 !== 0 || width % 4 !== 0)
      throw new OptionError({
        asked: 'SmallGenerator',
        wrong: 'image sides must be multiples of 4',
        got: [height, width],
      });
    const input = latentSize + classes;
    const cells = (height / 4) * (width / 4) * channels;
    const weight = (name: string, weightShape: number[], fanIn: number) =>
      heNormal(weightShape, fanIn, stream.fork(name));
    this.parameters = {
      dense1: weight('dense1', [input, hidden], input),
      bias1: constant([hidden], 0),
      scale1: constant([hidden], 1),
      shift1: constant([hidden], 0),
      dense2: weight('dense2', [hidden, cells], hidden),
      bias2: constant([cells], 0),
      scale2: constant([cells], 1),
      shift2: constant([cells], 0),
      conv3: weight('conv3', [5, 5, channels, channels / 2], 25 * channels),
      bias3: constant([channels / 2], 0),
      conv4: weight('conv4', [5, 5, channels / 2, shape.channels], (25 * channels) / 2),
      bias4: constant([shape.channels], 0),
    };
  }

  advance(): void {
    // Nothing but the parameters changes in training.
  }

  drawLatents(count: number, stream: SeededStream): Tensor2D {
    const values = new Float32Array(count * this.options.latentSize);
    stream.fillNormal(values);
    return tf.tensor2d(values, [count, this.options.latentSize]);
  }

  train(latents: Tensor2D, labels: Tensor2D, weights: Weights = this.parameters): Tensor4D {
    return this.#forward(latents, labels, weights, (_name, x) => batchStatistics(x));
  }

  generate(latents: Tensor2D, labels: Tensor2D): Tensor4D {
    return this.#forward(latents, labels, this.parameters, (name) => this.#statistics[name]!);
  }

  fixStatistics(latents: Tensor2D, labels: Tensor2D): void {
    this.#disposeStatistics();
    this.#statistics = tf.tidy(() => {
      const seen: Statistics = {};
      this.#forward(latents, labels, this.parameters, (name, x) => (seen[name] = batchStatistics(x)));
      // Kept: the caller may be inside a tidy of its own.
      for (const { mean, variance } of Object.values(seen)) [mean, variance].forEach((tensor) => tf.keep(tensor));
      return seen;
    });
  }

  #forward(
    latents: Tensor2D,
    labels: Tensor2D,
    p: Weights,
    statistics: (name: string, x: Tensor2D) => Statistics[string],
  ): Tensor4D {
    const { height, width } = this.options.shape;
    const normalised = (x: Tensor2D, layer: 1 | 2): Tensor2D => {
      const { mean, variance } = statistics(`layer${layer}`, x);
      return x.sub(mean).mul(variance.add(1e-5).rsqrt()).mul(p[`scale${layer}`]!).add(p[`shift${layer}`]!);
    };
    const input = tf.concat([latents, labels], 1); // [batch, latentSize + classes]
    const first = normalised(input.matMul(p['dense1'] as Tensor2D).add(p['bias1']!), 1).relu(); // [batch, 200]
    const second = normalised(first.matMul(p['dense2'] as Tensor2D).add(p['bias2']!), 2);
    const small = second.reshape([-1, height / 4, width / 4, channels]) as Tensor4D; // [batch, height / 4, width / 4, 16]
    const middle = tf.image.resizeBilinear(small, [height / 2, width / 2]);
    const third = tf
      .conv2d(middle, p['conv3'] as Tensor4D, 1, 'same')
      .add(p['bias3']!)
      .relu() as Tensor4D;
    const large = tf.image.resizeBilinear(third, [height, width]); // [batch, height, width, 8]
    return tf
      .conv2d(large, p['conv4'] as Tensor4D, 1, 'same')
      .add<Tensor4D>(p['bias4']!)
      .sigmoid(); // [batch, height, width, channels]
  }

  #disposeStatistics(): void {
    for (const { mean, variance } of Object.values(this.#statistics)) tf.dispose([mean, variance]);
    this.#statistics = {};
  }

  dispose(): void {
    disposeAll(this.parameters);
    this.#disposeStatistics();
  }
}

function batchStatistics(x: Tensor2D): Statistics[string] {
  const { mean, variance } = tf.moments(x, 0);
  return { mean: mean as Tensor1D, variance: variance as Tensor1D };
}
