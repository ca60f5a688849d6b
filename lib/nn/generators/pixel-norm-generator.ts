import { check } from '../../core/check.js';
import type { ImageShape } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import { replay, tf, type Replay, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import { drawParameters, type ParameterPlan } from '../initial-parameters.js';
import { upsample } from '../layers/resample.js';
import { disposeAll, type NetworkParameters, type Weights } from '../parameters.js';
import { convolve, convolveByPlace, convolveToFew, enlargeAndConvolve } from './convolutions.js';
import type { ConditionalGenerator } from './generator.js';
import { inParts } from './in-parts.js';
import { pytorchLayer } from '../pytorch-layer.js';
import { PowerIteration, spectrallyNormalised } from '../spectral-norm.js';

interface PixelNormOptions {
  /** Length of a one-hot label. */
  readonly classes: number;
  readonly shape: ImageShape;
  readonly stream: SeededStream;
  /** Of every block. Default 256, the paper's. */
  readonly channels?: number;
}

const latentSize = 10;
const blocks = ['block1', 'block2', 'block3'];

/**
 * The generator of GS-WGAN (Chen, Orekondy and Fritz 2020, appendix): a residual network of three blocks, each of which enlarges the
 * image twice, with the channels of a place divided by their root mean square (Karras et al. 2018, section 4.2) and with
 * spectrally normalised weights; the latent is ten fair bits. No image depends on the others of its batch. 3,826,177
 * parameters at 28 x 28 x 1 with 10 classes. Blocks end at a multiple of 8, of which the image is cut out.
 *
 * The reference implementation moves its power iterations on at every use, so that the images of a batch depend on how many
 * batches came before; here they move in training only.
 *
 * @example const generator = pixelNormGenerator({ classes: 10, shape, stream: new SeededStream(1) });
 */
export function pixelNormGenerator(options: PixelNormOptions): ConditionalGenerator {
  return new PixelNormGenerator(options);
}

class PixelNormGenerator implements ConditionalGenerator {
  readonly options;
  readonly parameters: NetworkParameters;
  readonly state: NetworkParameters;
  readonly #norm: PowerIteration;
  readonly #images: Replay;
  readonly #channels: number;

  constructor({ classes, shape, stream, channels = 256 }: PixelNormOptions) {
    check('count', 'pixelNormGenerator', { classes, channels });
    this.options = { latentSize, classes, shape };
    this.#channels = channels;
    this.parameters = drawParameters(plansOf({ classes, shape, channels }), stream);
    this.#norm = new PowerIteration(Object.keys(this.parameters).filter((name) => name.endsWith('kernel')));
    this.state = this.#norm.start(this.parameters, stream.fork('power iteration'));
    const names = Object.keys(this.#all);
    this.#images = replay(
      (latents, labels, ...tensors) => {
        const weights = Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
        return [this.train(latents as Tensor2D, labels as Tensor2D, weights)];
      },
      { name: 'images' },
    );
  }

  get #all(): Weights {
    return { ...this.parameters, ...this.state };
  }

  advance(): void {
    this.#norm.advance(this.parameters, this.state);
  }

  /** Bits: 0 or 1, equally likely. */
  drawLatents(count: number, stream: SeededStream): Tensor2D {
    const bits = Float32Array.from({ length: count * latentSize }, () => stream.integer(2));
    return tf.tensor2d(bits, [count, latentSize]);
  }

  train(latents: Tensor2D, labels: Tensor2D, weights: Weights = this.#all): Tensor4D {
    return tf.tidy(() => {
      const { height, width } = this.options.shape;
      const [rows, columns] = startOf(this.options.shape);
      const of = (name: string) => spectrallyNormalised(weights, `${name}.kernel`);
      const bias = (name: string) => weights[`${name}.bias`]!;
      const input = tf.concat([latents, labels], 1); // [batch, latentSize + classes]
      const first = input.matMul(of('first') as Tensor2D).add(bias('first'));
      let x = byRootMeanSquare(first.relu().reshape([-1, rows, columns, this.#channels]));
      for (const name of blocks) {
        const [inner, outer, shortcut] = [`${name}.first`, `${name}.second`, `${name}.shortcut`];
        const large = enlargeAndConvolve(byRootMeanSquare(x), of(inner)).add<Tensor4D>(bias(inner)); // [batch, 2 height, 2 width, channels]
        const main = convolve(byRootMeanSquare(large).relu(), of(outer), bias(outer));
        x = main.add(upsample(convolveByPlace(x, of(shortcut)).add(bias(shortcut))));
      }
      const all = convolveToFew(x, of('last'), bias('last')).sigmoid(); // [batch, 8 rows, 8 columns, channels of the image]
      // Without the places that a convolution without zeros around does not reach, where there are enough others.
      const margin = (length: number, wanted: number) => (length - 2 >= wanted ? 1 : 0);
      const begin = [0, margin(8 * rows, height), margin(8 * columns, width), 0];
      return tf.slice(all, begin, [-1, height, width, -1]); // [batch, height, width, channels of the image]
    });
  }

  fixStatistics(): void {
    // No image depends on the others of its batch.
  }

  generate(latents: Tensor2D, labels: Tensor2D): Tensor4D {
    const weights = Object.values(this.#all);
    return tf.tidy(() =>
      tf.concat(inParts([latents, labels]).map((part) => this.#images.run([...part, ...weights])[0] as Tensor4D)),
    );
  }

  dispose(): void {
    disposeAll(this.parameters);
    disposeAll(this.state);
    this.#norm.dispose();
    this.#images.dispose();
  }
}

function byRootMeanSquare(x: Tensor4D): Tensor4D {
  return x.mul(x.square().mean(3, true).add(1e-10).rsqrt());
}

/** Height and width before the first block. */
function startOf({ height, width }: ImageShape): [number, number] {
  return [Math.ceil(height / 8), Math.ceil(width / 8)];
}

function plansOf({ classes, shape, channels }: { classes: number; shape: ImageShape; channels: number }) {
  const [rows, columns] = startOf(shape);
  const block = (name: string): Record<string, ParameterPlan> => ({
    ...pytorchLayer(`${name}.first`, [3, 3, channels, channels]),
    ...pytorchLayer(`${name}.second`, [3, 3, channels, channels]),
    ...pytorchLayer(`${name}.shortcut`, [channels, channels]),
  });
  return {
    ...pytorchLayer('first', [latentSize + classes, rows * columns * channels]),
    ...Object.fromEntries(blocks.flatMap((name) => Object.entries(block(name)))),
    ...pytorchLayer('last', [3, 3, channels, shape.channels]),
  };
}
