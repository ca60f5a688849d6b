import { replay, tf, type Replay, type Tensor, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import type { Weights } from '../parameters.js';
import { inParts } from './in-parts.js';
import { batchStatistics, normaliseBy, normaliseByBatch, type Statistics } from './batch-statistics.js';

/** What a network calls to normalise a layer: the layer's name, its input, and scale and shift `[batch, channels]`. */
export type Normalise = (name: string, x: Tensor4D, scale: Tensor2D, shift: Tensor2D) => Tensor4D;

type Forward = (weights: Weights, latents: Tensor2D, labels: Tensor2D, normalise: Normalise) => Tensor4D;

/**
 * The statistics by which a network with batch normalisation makes each image by itself: those of a large batch, with the
 * weights as they are now (Wu and Johnson 2021, "Rethinking batch in BatchNorm", section 3). Parts of up to 100 images are
 * normalised by themselves, as in training, and their moments averaged.
 */
export class FixedStatistics {
  /** Mean and variance in turn, in the order of the layers. */
  #found: Tensor[] = [];
  readonly #names: string[] = [];
  readonly #moments: Replay;
  readonly #images: Replay;
  #weights: readonly string[] = [];

  constructor(forward: Forward) {
    const named = (tensors: readonly Tensor[]) =>
      Object.fromEntries(this.#weights.map((name, i) => [name, tensors[i]!]));
    this.#moments = replay(
      (latents, labels, ...tensors) => {
        const found: Tensor[] = [];
        this.#names.length = 0;
        forward(named(tensors), latents as Tensor2D, labels as Tensor2D, (name, x, scale, shift) => {
          const { mean, variance } = batchStatistics(x);
          this.#names.push(name);
          found.push(mean, variance.add(mean.square()));
          return normaliseByBatch(x, scale, shift);
        });
        return found;
      },
      { name: 'statistics of a batch' },
    );
    this.#images = replay(
      (latents, labels, ...tensors) => {
        const moments = tensors.slice(this.#weights.length);
        const statistics = (name: string): Statistics => {
          const at = 2 * this.#names.indexOf(name);
          return { mean: moments[at]!, variance: moments[at + 1]! } as Statistics;
        };
        return [
          forward(named(tensors), latents as Tensor2D, labels as Tensor2D, (name, x, scale, shift) =>
            normaliseBy(statistics(name), x, scale, shift),
          ),
        ];
      },
      { name: 'images' },
    );
  }

  /** Takes the statistics of this batch. */
  find(weights: Weights, latents: Tensor2D, labels: Tensor2D): void {
    tf.dispose(this.#found);
    this.#weights = Object.keys(weights);
    this.#found = tf.tidy(() => {
      const parts = inParts([latents, labels]);
      const total = latents.shape[0];
      const sums = parts
        .map((part) =>
          this.#moments
            .run([...part, ...Object.values(weights)])
            .map((moment) => moment.mul(part[0]!.shape[0]! / total)),
        )
        .reduce((sum, moments) => sum.map((moment, i) => moment.add(moments[i]!)));
      const means = sums.filter((_, i) => i % 2 === 0);
      // Kept: the caller may be inside a tidy of its own.
      return means.flatMap((mean, i) => [tf.keep(mean), tf.keep(sums[2 * i + 1]!.sub(mean.square()).relu())]);
    });
  }

  /** Images by the statistics that were found. */
  generate(weights: Weights, latents: Tensor2D, labels: Tensor2D): Tensor4D {
    return tf.tidy(() => {
      const parts = inParts([latents, labels]).map(
        (part) => this.#images.run([...part, ...Object.values(weights), ...this.#found])[0] as Tensor4D,
      );
      return tf.concat(parts);
    });
  }

  dispose(): void {
    tf.dispose(this.#found);
    this.#found = [];
    this.#moments.dispose();
    this.#images.dispose();
  }
}
