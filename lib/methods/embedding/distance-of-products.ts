import type { OuterProduct } from '../../mechanisms/index.js';
import { tf, type Scalar, type Tensor2D } from '../../tensor/index.js';

/** Inner products of all pairs of feature vectors, `[batch, batch]`. */
function gram(blocks: readonly OuterProduct[]): Tensor2D {
  const products = (rows: Tensor2D) => rows.matMul<Tensor2D>(rows, false, true);
  return tf.addN(blocks.map(({ left, right }) => products(left).mul<Tensor2D>(products(right))));
}

/** Inner products of each feature vector with each column of a matrix `[dimension, classes]`: `[batch, classes]`. */
function innerProducts(blocks: readonly OuterProduct[], columns: Tensor2D): Tensor2D {
  const classes = columns.shape[1];
  let start = 0;
  const parts = blocks.map(({ left, right }) => {
    const [m, n] = [left.shape[1], right.shape[1]];
    const block = columns.slice([start, 0], [n * m, classes]).reshape<Tensor2D>([n, m * classes]);
    start += n * m;
    const partly = right.matMul(block).reshape([-1, m, classes]); // [batch, m, classes]
    return left.expandDims(1).matMul(partly).reshape<Tensor2D>([-1, classes]);
  });
  return tf.addN(parts);
}

/**
 * `embeddingDistance` for features that are outer products, without writing them down: the squared norms of means from the
 * inner products of pairs. Unbiased in the same way.
 */
export function distanceOfProducts(
  blocks: readonly OuterProduct[],
  labels: Tensor2D,
  target: Tensor2D,
  parts: number,
): Scalar {
  const counts = labels.sum(0); // [classes]
  const present = counts.greater(0).cast('float32'); // [classes]
  const ofPair = tf.div(1, tf.maximum(counts.mul(counts.sub(1)), 1)); // [classes]: one over the pairs of a class
  const sameClass = labels.mul<Tensor2D>(ofPair).matMul<Tensor2D>(labels, false, true); // [batch, batch]
  const inPairs = sameClass.mul(tf.sub(1, tf.eye(labels.shape[0]))); // an image makes no pair with itself
  const pairs = gram(blocks).mul(inPairs).sum();
  const inner = innerProducts(blocks, target).mul(labels).sum(0).div(tf.maximum(counts, 1)).sum();
  const rest = target.square().sum(0).mul(present).sum(); // of the classes that are present
  return pairs
    .div(parts ** 2)
    .sub(inner.mul(2 / parts))
    .add(rest);
}
