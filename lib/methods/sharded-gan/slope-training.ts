import type { SeededStream } from '../../core/rng.js';
import type { Images } from '../../core/images.js';
import { Adam } from '../../nn/adam.js';
import { Ema } from '../../nn/ema.js';
import { drawInput, labelsInTurn } from '../../nn/generators/draw-images.js';
import type { ConditionalGenerator } from '../../nn/generators/generator.js';
import { GeneratorGradient } from '../../nn/generators/generator-gradient.js';
import { tf, type Scalar, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import { learningRateAt } from '../diffusion/learning-rate.js';
import { modelOf } from '../embedding/train-generator.js';
import { StageCheckpoint } from '../stage-checkpoint.js';
import type { ShardedGanContext } from './parameters.js';

/** Generated images in training; the caller disposes both. */
export interface Generated {
  readonly images: Tensor4D;
  readonly labels: Tensor2D;
}

/** Images of a class that critics are trained against in one of their steps. */
const fakesOfClass = 20;

/** One stage of training a generator along given slopes of its images, with a new optimizer and a new average. */
export class SlopeTraining {
  /** Of the generator's weights: what images are drawn from. */
  readonly average: Ema;
  readonly kept: StageCheckpoint;
  readonly #adam: Adam;
  readonly #gradient: GeneratorGradient;
  readonly #stream: SeededStream;

  constructor(
    stage: string,
    readonly generator: ConditionalGenerator,
    readonly context: ShardedGanContext,
  ) {
    const { emaRate } = context.params;
    this.average = new Ema(generator.parameters, { rate: emaRate, warmUp: 'mean-at-first' });
    this.#adam = new Adam(generator.parameters, 0.5, 0.9);
    this.#stream = context.stream.fork(`${stage} training`);
    // The gradient of this sum is that of any loss with these slopes.
    const loss = (images: Tensor4D, _labels: Tensor2D, slopes: Tensor4D) => images.mul(slopes).sum().neg() as Scalar;
    this.#gradient = new GeneratorGradient(generator, (images, labels, slopes) =>
      loss(images, labels, slopes as Tensor4D),
    );
    const networks = { generator: generator.parameters, 'generator state': generator.state };
    this.kept = new StageCheckpoint(stage, context.checkpoint, {
      networks,
      states: { adam: this.#adam, average: this.average },
    });
  }

  /** Images that critics are trained against before a step. */
  fakes(purpose: string): { readonly images: Tensor4D; readonly labels: Uint8Array } {
    const { classes } = this.context.facts;
    const labels = labelsInTurn(fakesOfClass * classes.length, classes.length);
    const { images, labels: oneHot } = this.#generated(labels, this.#stream.fork(`fakes ${purpose}`));
    oneHot.dispose();
    return { images, labels };
  }

  /** The images that a step is made along. */
  generated(step: number): Generated {
    return this.#generated(this.#labels(step), this.#stream.fork(`images ${step}`));
  }

  /** Moves the generator so that the images of a step go up along slopes `[batch, height, width, channels]`. */
  step(step: number, steps: number, slopes: Tensor4D): void {
    const { params } = this.context;
    const rate = learningRateAt(step, {
      learningRate: params.generatorRate,
      ...{ warmUpSteps: 0, decayedPart: params.decayedPart, steps },
    });
    tf.tidy(() => {
      const inputs = drawInput(this.generator, this.#labels(step), this.#stream.fork(`images ${step}`));
      const { gradients } = this.#gradient.at(inputs.latents, inputs.labels, slopes);
      this.#adam.apply(gradients, rate);
    });
    this.average.update();
  }

  /** Images of labels by the average weights as they are now. */
  look(labels: Uint8Array, step: number): Promise<Images> {
    const model = modelOf(this.generator, this.context);
    return this.average.during(() => model.sample(labels, this.#stream.fork(`snapshot ${step}`)));
  }

  /** Steps go on in turn: a batch may hold fewer images than there are classes. */
  #labels(step: number): Uint8Array {
    const { params, facts } = this.context;
    return labelsInTurn(params.batchSize, facts.classes.length, step * params.batchSize);
  }

  #generated(labels: Uint8Array, stream: SeededStream): Generated {
    return tf.tidy(() => {
      const inputs = drawInput(this.generator, labels, stream);
      return { images: this.generator.train(inputs.latents, inputs.labels), labels: inputs.labels };
    });
  }

  dispose(): void {
    this.average.dispose();
    this.#adam.dispose();
    this.#gradient.dispose();
  }
}
