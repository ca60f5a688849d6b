import type { LabeledImages } from '../../core/images.js';
import { imageTensor, tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import type { Weights } from '../parameters.js';
import type { Classifier } from './classifier.js';
import type { Pass } from './module.js';
import { Packing } from './packed-values.js';

/** How the weights and the running statistics of a classifier lie in two vectors. */
export interface ClassifierPackings {
  readonly weights: Packing;
  readonly statistics: Packing;
}

export function packingsOf({ parameters, statistics }: Classifier): ClassifierPackings {
  const shapes = Object.entries(parameters).map(([name, { shape }]) => [name, shape] as const);
  const channels = Object.entries(statistics).map(([name, size]) => [name, [size]] as const);
  return { weights: new Packing(Object.fromEntries(shapes)), statistics: new Packing(Object.fromEntries(channels)) };
}

/** Running means 0 and variances 1, before any batch was seen. */
export function firstStatistics({ statistics }: Classifier, packing: Packing): Tensor1D {
  const values = Object.entries(statistics).map(
    ([name, size]) => [name, tf.fill([size], name.endsWith('.mean') ? 0 : 1)] as const,
  );
  return packing.pack(Object.fromEntries(values));
}

/**
 * A classifier with weights: two vectors of its own, which it holds until `dispose`.
 *
 * @example
 * const classes = trained.classes(images);   // [batch]
 * trained.dispose();
 */
export class TrainedClassifier {
  readonly #packings: ClassifierPackings;

  /** Takes the vectors for good. */
  constructor(
    readonly network: Classifier,
    readonly weights: Tensor1D,
    readonly statistics: Tensor1D,
    packings = packingsOf(network),
  ) {
    this.#packings = packings;
  }

  /** From tensors by name, which stay the caller's. */
  static of(network: Classifier, { weights, statistics }: Pick<Pass, 'weights' | 'statistics'>): TrainedClassifier {
    const packings = packingsOf(network);
    const [packed, running] = tf.tidy(() => [packings.weights.pack(weights), packings.statistics.pack(statistics)]);
    return new TrainedClassifier(network, tf.keep(packed!), tf.keep(running!), packings);
  }

  /** Weights and statistics by name. */
  named(): Weights {
    return { ...this.#packings.weights.unpack(this.weights), ...this.#packings.statistics.unpack(this.statistics) };
  }

  /** Images `[batch, height, width, channels]` in [0, 1] to the values before the last layer, `[batch, features]`. */
  features(images: Tensor4D): Tensor2D {
    return tf.tidy(() => this.network.features(images, this.#pass()));
  }

  /** Images to one logit a class, `[batch, classes]`. */
  logits(images: Tensor4D): Tensor2D {
    return tf.tidy(() => {
      const pass = this.#pass();
      return this.network.head(this.network.features(images, pass), pass);
    });
  }

  /** The class of each image, `[batch]`: of the largest logit. A property, so that it can be handed on alone. */
  readonly classes = (images: Tensor4D): Tensor1D => tf.tidy(() => this.logits(images).argMax<Tensor1D>(1));

  #pass(): Pass {
    const { weights, statistics } = this.#packings;
    return { weights: weights.unpack(this.weights), statistics: statistics.unpack(this.statistics) };
  }

  dispose(): void {
    tf.dispose([this.weights, this.statistics]);
  }
}

/** One byte a record: 1 where a classifier was right. */
export type Right = Uint8Array;

/** How a classifier did on rows. */
export async function rightOn(
  classes: (images: Tensor4D) => Tensor,
  rows: LabeledImages,
  batchSize = 500,
): Promise<Right> {
  const right = new Uint8Array(rows.count);
  for (let start = 0; start < rows.count; start += batchSize) {
    const end = Math.min(rows.count, start + batchSize);
    const guesses = tf.tidy(() => classes(imageTensor(rows, start, end)));
    const values = await guesses.data();
    guesses.dispose();
    for (let row = start; row < end; row++) right[row] = values[row - start] === rows.labels[row] ? 1 : 0;
  }
  return right;
}

/** Share of images whose class is their label. */
export async function shareRight(classes: (images: Tensor4D) => Tensor, rows: LabeledImages): Promise<number> {
  const right = await rightOn(classes, rows);
  return right.reduce((sum, one) => sum + one, 0) / rows.count;
}
