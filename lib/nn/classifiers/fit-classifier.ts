import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import { takeImages, type ImageShape, type LabeledImages } from '../../core/images.js';
import { ProgressTask } from '../../core/progress.js';
import type { SeededStream } from '../../core/rng.js';
import { imageTensor, oneHotTensor, tf, type Tensor1D, type Tensor4D, type Variable } from '../../tensor/index.js';
import { Adam } from '../adam.js';
import { Ema } from '../ema.js';
import { Sgd } from '../sgd.js';
import { ClassifierGradient } from './classifier-gradient.js';
import type { Classifier } from './classifier.js';
import { learningRateAt, type StepSchedule } from './learning-rate.js';
import { drawnVector } from './packed-values.js';
import { firstStatistics, packingsOf, TrainedClassifier, type ClassifierPackings } from './trained-classifier.js';

/** How a classifier is trained: plain data, which a preset holds. */
export interface ClassifierRecipe {
  /** Adam with its usual moments, or SGD with momentum 0.9 and weight decay 5e-4. */
  readonly optimizer: 'adam' | 'sgd';
  readonly schedule: StepSchedule;
  readonly epochs: number;
  /** Images a step; the last step of an epoch takes what is left. */
  readonly batchSize: number;
  /** Parts that a batch is computed in, one after the other, each with its own batch statistics. Default 1. */
  readonly parts?: number;
  /** Of convolutions and products; sums and norms are float32. Default float32. */
  readonly precision?: 'float32' | 'bfloat16';
}

/** What is known after an epoch. */
export interface ClassifierEpoch {
  /** Counted from 0. */
  readonly epoch: number;
  /** Mean cross-entropy over the epoch's batches, in nats. */
  readonly loss: number;
  /**
   * Images `[batch, height, width, channels]` in [0, 1] to the class of each, `[batch]`, by the averaged weights as they are now.
   * After the callback use a `snapshot`.
   */
  readonly predict: (images: Tensor4D) => Tensor1D;
  /** The classifier as it is now, to keep: the caller disposes it. It costs 4 bytes a weight. */
  readonly snapshot: () => TrainedClassifier;
}

export interface FitOptions {
  readonly stream: SeededStream;
  /** In words, for progress. */
  readonly task: string;
  readonly signal?: AbortSignal | undefined;
  /** Called after every epoch; training goes on when it has ended. */
  readonly onEpoch?: (epoch: ClassifierEpoch) => void | Promise<void>;
}

/**
 * Trains a classifier from the start by the utility protocol of DPImageBench (arXiv 2503.14681, section on utility): cross-entropy,
 * batches of a new permutation each epoch, and an exponential moving average of the weights with decay min(0.9999,
 * (1 + k) / (10 + k)) after step k. What is handed out has the averaged weights and the running batch statistics of the weights
 * themselves. The images are public or synthetic, never private: nothing here is bounded for one example.
 *
 * A batch in several parts has the mean gradient of its images. (The reference carries a part-filled batch over to the next
 * epoch; here each epoch ends with a smaller batch.) The same stream gives the same weights on the same machine.
 *
 * @returns the classifier after the last epoch; the caller disposes it.
 * @throws OptionError for a recipe out of range or images of another shape; the reason of `signal` when it aborts.
 * @example
 * const kept: TrainedClassifier[] = [];
 * const onEpoch = ({ snapshot }) => void kept.push(snapshot());
 * const last = await fitClassifier(network, synthetic, recipe, { stream, task: 'training a ResNet', onEpoch });
 */
export async function fitClassifier(
  network: Classifier,
  images: LabeledImages,
  recipe: ClassifierRecipe,
  { stream, task: name, signal, onEpoch }: FitOptions,
): Promise<TrainedClassifier> {
  const { epochs, batchSize, schedule } = recipe;
  check('count', 'fitClassifier', { epochs, batchSize, parts: recipe.parts ?? 1, every: schedule.every });
  check('positive', 'fitClassifier', { rate: schedule.rate, factor: schedule.factor });
  check('count', 'fitClassifier', { images: images.count });
  checkShape(network, images);
  const steps = Math.ceil(images.count / batchSize);
  const fitting = new Fitting(network, recipe, stream);
  const task = new ProgressTask(name, epochs * steps, signal);
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = stream.fork(`epoch ${epoch}`).permutation(images.count);
      const rate = learningRateAt(schedule, epoch);
      let total = 0;
      for (let step = 0; step < steps; step++) {
        const rows = order.subarray(step * batchSize, (step + 1) * batchSize);
        const loss = await fitting.step(takeImages(images, rows), rate);
        total += loss * rows.length;
        task.report({ step: epoch * steps + step + 1, loss });
        await task.pause();
      }
      const { predict, snapshot } = fitting;
      await onEpoch?.({ epoch, loss: total / images.count, predict, snapshot });
      signal?.throwIfAborted();
    }
    task.done();
    return fitting.snapshot();
  } finally {
    fitting.dispose();
  }
}

function checkShape({ name, shape }: Classifier, images: LabeledImages): void {
  const words = ({ height, width, channels }: ImageShape) => `[${height}, ${width}, ${channels}]`;
  if (words(images) === words(shape)) return;
  throw new OptionError({
    asked: 'fitClassifier',
    wrong: `the images have another shape than ${name} takes`,
    got: words(images),
    expected: words(shape),
  });
}

/** A training in progress: weights, their average, the optimizer's memory and the statistics are one vector each. */
class Fitting {
  readonly #packings: ClassifierPackings;
  readonly #weights: Variable;
  readonly #statistics: Variable;
  readonly #optimizer: Adam | Sgd;
  readonly #ema: Ema;
  readonly #gradient: ClassifierGradient;
  readonly #masks: SeededStream;

  constructor(
    readonly network: Classifier,
    readonly recipe: ClassifierRecipe,
    stream: SeededStream,
  ) {
    const packings = (this.#packings = packingsOf(network));
    this.#masks = stream.fork('masks');
    this.#weights = tf.tidy(() => tf.variable(drawnVector(network.parameters, stream.fork('weights'))));
    this.#statistics = tf.tidy(() => tf.variable(firstStatistics(network, packings.statistics), false));
    const parameters = { weights: this.#weights };
    this.#optimizer =
      recipe.optimizer === 'adam' ? new Adam(parameters) : new Sgd(parameters, { momentum: 0.9, weightDecay: 5e-4 });
    this.#ema = new Ema(parameters, { rate: 0.9999 });
    this.#gradient = new ClassifierGradient(network, packings, { precision: recipe.precision ?? 'float32' });
  }

  /** One step of the optimizer and of the average; gives the loss before it. */
  async step(batch: LabeledImages, learningRate: number): Promise<number> {
    const loss = tf.tidy(() => {
      const size = Math.ceil(batch.count / (this.recipe.parts ?? 1));
      let loss = tf.scalar(0);
      let gradient = tf.scalar(0) as unknown as Tensor1D;
      for (let start = 0; start < batch.count; start += size) {
        const end = Math.min(batch.count, start + size);
        const share = (end - start) / batch.count;
        const part = this.#part(batch, start, end);
        loss = loss.add(part.loss.mul(share));
        gradient = share === 1 ? part.gradient : gradient.add(part.gradient.mul(share));
      }
      this.#optimizer.apply({ weights: gradient }, learningRate);
      this.#ema.update();
      return loss;
    });
    const [value] = await loss.data();
    loss.dispose();
    return value!;
  }

  #part(batch: LabeledImages, start: number, end: number) {
    const images = imageTensor(batch, start, end);
    const labels = oneHotTensor(batch, this.network.classes, start, end);
    const seed = tf.tensor1d([this.#masks.integer(2 ** 31)], 'int32');
    const state = { weights: this.#weights, statistics: this.#statistics };
    const found = this.#gradient.at(state, { images, labels, seed });
    this.#statistics.assign(found.statistics);
    return found;
  }

  readonly predict = (images: Tensor4D): Tensor1D => {
    const now = this.snapshot();
    try {
      return now.classes(images);
    } finally {
      now.dispose();
    }
  };

  /** Shares its values with the training until the next step. */
  readonly snapshot = (): TrainedClassifier => {
    const copy = (variable: Variable) => tf.keep(variable.clone()) as Tensor1D;
    return new TrainedClassifier(
      this.network,
      copy(this.#ema.shadow['weights']!),
      copy(this.#statistics),
      this.#packings,
    );
  };

  dispose(): void {
    this.#gradient.dispose();
    this.#optimizer.dispose();
    this.#ema.dispose();
    tf.dispose([this.#weights, this.#statistics]);
  }
}
