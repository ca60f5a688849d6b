import type { RecordFeatures } from '../../mechanisms/index.js';
import type { LabelSumQuery } from '../../mechanisms/label-sums.js';
import type { Tensor, Tensor4D } from '../../tensor/index.js';

/** Features of images that are compared by their means. */
export interface Embedding {
  readonly dimension: number;
  /** Bound on the norm of a feature vector. */
  readonly norm: number;
  /**
   * `[batch, height, width, channels]` in [0, 1] to `[batch, dimension]`, or to outer products that stand for it; other tensors
   * come in as `constants`.
   */
  readonly features: (images: Tensor4D, ...constants: Tensor[]) => RecordFeatures;
  readonly constants: readonly Tensor[];
}

/** The question that releases an embedding's label-wise mean, for `mechanisms.labelMeans` and its like. */
export function embeddingQuery({ dimension, norm, features, constants }: Embedding): LabelSumQuery {
  return { dimension, clipNorm: norm, features: (images) => features(images, ...constants) };
}
