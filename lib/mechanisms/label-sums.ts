import { check } from '../core/check.js';
import type { LabeledImages } from '../core/images.js';
import type { ProgressTask } from '../core/progress.js';
import { imageTensor, oneHotTensor, tf, type Tensor2D, type Tensor4D } from '../tensor/index.js';
import { featureNorms, keptFeatures, weightedSums, type RecordFeatures } from './outer-products.js';

/** A sum over records of a vector for each, one column a class. */
export interface LabelSumQuery {
  /**
   * Features of each image by itself, `[batch, height, width, channels]` in [0, 1] to `[batch, dimension]`, or to outer products
   * that stand for as many numbers.
   */
  readonly features: (images: Tensor4D) => RecordFeatures;
  readonly dimension: number;
  /** Feature vectors longer than this are scaled down to it: the L2 sensitivity (one record more or fewer). */
  readonly clipNorm: number;
  /** Records worked on at a time; changes time and memory only. */
  readonly batchSize?: number;
}

/** Norms are clipped to a hair below the bound, so that rounding in float32 never leaves one above it. */
const belowBound = 1 - 2 ** -20;

/**
 * Adds up `features(x) e_y^T` over all records (x, y) into a matrix `[dimension, classes]`, each record clipped to
 * `clipNorm`; exact sums in double precision over batches. Not private: `Mechanisms.labelMeans` adds the noise.
 */
export async function labelSums(
  rows: LabeledImages,
  classes: number,
  query: LabelSumQuery,
  task?: ProgressTask,
): Promise<Float64Array> {
  const { dimension, clipNorm, batchSize = 500 } = query;
  check('positive', 'label sums', { clipNorm }); // a negative one would turn the bound into a factor
  check('count', 'label sums', { dimension, batchSize });
  const sums = new Float64Array(dimension * classes);
  for (let start = 0; start < rows.count; start += batchSize) {
    const end = Math.min(rows.count, start + batchSize);
    const batch = tf.tidy(() => clippedSums(rows, classes, query, start, end));
    const values = await batch.data();
    batch.dispose();
    for (let i = 0; i < sums.length; i++) sums[i]! += values[i]!;
    task?.report({ step: end });
    await task?.pause();
  }
  return sums;
}

function clippedSums(rows: LabeledImages, classes: number, query: LabelSumQuery, start: number, end: number): Tensor2D {
  const features = query.features(imageTensor(rows, start, end)); // [batch, dimension]
  const norms = featureNorms(features); // [batch, 1]
  // A record whose features are not finite counts as zero: it must neither poison the sum nor be skipped visibly. Both
  // factors are replaced, since NaN times 0 is NaN.
  const finite = tf.isFinite(norms); // [batch, 1]
  const scale = tf.minimum(1, tf.div(query.clipNorm * belowBound, tf.maximum(norms, 1e-30)));
  const clip = tf.where(finite, scale, 0); // [batch, 1]
  const weights = oneHotTensor(rows, classes, start, end).mul<Tensor2D>(clip); // [batch, classes]
  return weightedSums(keptFeatures(features, finite), weights); // [dimension, classes]
}
