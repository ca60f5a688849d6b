import { tf, type Tensor, type Tensor2D } from '../tensor/index.js';

/** Part of the feature vector of each record: all products of a number on the left with one on the right. */
export interface OuterProduct {
  readonly left: Tensor2D; // [batch, m]
  readonly right: Tensor2D; // [batch, n]
}

/**
 * Features of a batch of records: vectors `[batch, dimension]`, or outer products that stand for them: one after the other, in
 * each the number on the right the slow index, sum of m n numbers in all. A gradient by a layer's weights is one, and 1,000
 * times as long as what it is made of.
 */
export type RecordFeatures = Tensor2D | readonly OuterProduct[];

export const areVectors = (features: RecordFeatures): features is Tensor2D => !Array.isArray(features);

/** Norm of each record's features, `[batch, 1]`: that of an outer product is the product of two norms. */
export function featureNorms(features: RecordFeatures): Tensor {
  if (areVectors(features)) return features.norm('euclidean', 1, true);
  const norms = features.map(({ left, right }) => safeNorms(left).mul(safeNorms(right)));
  return safeNorms(tf.concat(norms, 1) as Tensor2D);
}

/** Sums over the batch of features times what `weights` `[batch, classes]` says: `[dimension, classes]`. */
export function weightedSums(features: RecordFeatures, weights: Tensor2D): Tensor2D {
  if (areVectors(features)) return features.matMul(weights, true, false) as Tensor2D;
  const classes = weights.shape[1];
  const sums = features.map(({ left, right }) => {
    const byClass = left.expandDims(2).mul(weights.expandDims(1)); // [batch, m, classes]
    const rows = byClass.reshape<Tensor2D>([left.shape[0], -1]);
    return right.matMul(rows, true, false).reshape([-1, classes]); // [n m, classes]
  });
  return tf.concat(sums, 0) as Tensor2D;
}

/** The features of some records as they are, zeros for the others: `kept` is `[batch, 1]`. */
export function keptFeatures(features: RecordFeatures, kept: Tensor): RecordFeatures {
  const keep = (rows: Tensor2D): Tensor2D => tf.where(kept.broadcastTo(rows.shape), rows, 0);
  return areVectors(features)
    ? keep(features)
    : features.map(({ left, right }) => ({ left: keep(left), right: keep(right) }));
}

/** Norms of rows whose squares are not to fall below the smallest number: what is small here may be large on the other side. */
function safeNorms(rows: Tensor2D): Tensor {
  const largest = rows.abs().max(1, true); // [batch, 1]
  const scale = tf.where(largest.greater(0), largest, 1);
  return rows.div(scale).square().sum(1, true).sqrt().mul(scale);
}
