import { check } from '../../core/check.js';
import type { ImageShape } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import { PowerIteration, spectrallyNormalised } from '../spectral-norm.js';
import { drawParameters, type ParameterPlan } from '../initial-parameters.js';
import type { NetworkParameters, Weights } from '../parameters.js';
import { pytorchLayer } from '../pytorch-layer.js';

interface WassersteinCriticOptions {
  readonly shape: ImageShape;
  /** Length of a one-hot label. */
  readonly classes: number;
  /** Of the convolutions, each of which halves the image. Default 64, 128, 256, the paper's. */
  readonly channels?: readonly number[];
}

/** One of many critics of the same form. */
export interface CriticWeights {
  readonly parameters: NetworkParameters;
  /** The vectors of the power iterations, without a gradient. */
  readonly state: NetworkParameters;
}

/**
 * The critic of GS-WGAN (Chen, Orekondy and Fritz 2020, appendix): three convolutions of 5 x 5 with stride 2, and the score
 * `w . h + b + e_y . h` of the features h, all weights spectrally normalised. 1,071,105 parameters at 28 x 28 x 1 with 10
 * classes. It holds no weights, so that a thousand critics share one graph. It can be differentiated twice, as a gradient
 * penalty asks; no example's gradient is known by itself: it is for critics that are never released.
 *
 * @example
 * const critic = new WassersteinCritic({ shape: { height: 28, width: 28, channels: 1 }, classes: 10 });
 * const weights = critic.initialise(stream);
 * critic.advance(weights);   // before each step
 * const scores = critic.scores({ ...weights.parameters, ...weights.state }, images, labels);
 */
export class WassersteinCritic {
  readonly #channels: readonly number[];
  readonly #norm: PowerIteration;
  readonly #plans: Readonly<Record<string, ParameterPlan>>;

  constructor({ shape, classes, channels = [64, 128, 256] }: WassersteinCriticOptions) {
    check('count', 'WassersteinCritic', { classes, ...channels });
    this.#channels = channels;
    const halved = (length: number) => channels.reduce((left) => Math.ceil(left / 2), length);
    const features = halved(shape.height) * halved(shape.width) * (channels.at(-1) ?? shape.channels);
    const convolutions = channels.flatMap((outputs, i) =>
      Object.entries(pytorchLayer(`conv${i + 1}`, [5, 5, channels[i - 1] ?? shape.channels, outputs])),
    );
    this.#plans = {
      ...Object.fromEntries(convolutions),
      ...pytorchLayer('score', [features, 1]),
      'label.kernel': { shape: [classes, features], initial: { law: 'normal', deviation: 1 } },
    };
    this.#norm = new PowerIteration(Object.keys(this.#plans).filter((name) => name.endsWith('kernel')));
  }

  /** Weights before training; the caller disposes both dictionaries. */
  initialise(stream: SeededStream): CriticWeights {
    const parameters = drawParameters(this.#plans, stream);
    return { parameters, state: this.#norm.start(parameters, stream.fork('power iteration')) };
  }

  /** One power iteration of each weight. */
  advance({ parameters, state }: CriticWeights): void {
    this.#norm.advance(parameters, state);
  }

  /** Scores `[batch]`, high for real: images `[batch, height, width, channels]` in [0, 1], one-hot labels `[batch, classes]`. */
  scores(weights: Weights, images: Tensor4D, labels: Tensor2D): Tensor1D {
    const of = (name: string) => spectrallyNormalised(weights, `${name}.kernel`);
    const batch = images.shape[0];
    let x: Tensor = images;
    for (const i of this.#channels.keys()) {
      // Two zeros on every side, as PyTorch has it; TensorFlow's 'same' would have fewer before than behind.
      const padded = tf.pad(x as Tensor4D, [[0, 0], [2, 2], [2, 2], [0, 0]]); // prettier-ignore
      const kernel = of(`conv${i + 1}`) as Tensor4D;
      x = tf
        .conv2d(padded, kernel, 2, 'valid')
        .add(weights[`conv${i + 1}.bias`]!)
        .relu(); // [batch, height / 2, width / 2, channels]
    }
    const h = x.reshape<Tensor2D>([batch, x.size / batch]); // [batch, features]
    const ofLabel = h.mul(labels.matMul(of('label') as Tensor2D)).sum(1); // [batch]
    return h
      .matMul(of('score') as Tensor2D)
      .add(weights['score.bias']!)
      .reshape([batch])
      .add(ofLabel);
  }

  dispose(): void {
    this.#norm.dispose();
  }
}
