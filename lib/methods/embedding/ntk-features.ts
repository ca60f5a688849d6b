import { tf, type Scalar, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import type { NtkNetwork } from './ntk-network.js';

/** Part of the feature vector of each image: all products of a number on the left with one on the right. */
export interface OuterProduct {
  readonly left: Tensor2D; // [batch, m]
  readonly right: Tensor2D; // [batch, n]
}

/**
 * The feature vector of each image under the empirical neural tangent kernel (Yang et al. 2023, section 3): the gradient, by
 * all weights of a random network, of the sum of its outputs, divided by its norm. In closed form and as outer products,
 * one for each layer, so that a batch takes a few products of matrices.
 *
 * The gradient by the last layer is the same for each of its K outputs; it stands here once, times sqrt(K). That is a
 * rotation of the whole vector: inner products, norms and the effect of Gaussian noise stay what they were.
 *
 * @param images `[batch, height, width, channels]` in [0, 1].
 */
export function ntkFeatures(images: Tensor4D, { first, second, readout, outputs }: NtkNetwork): OuterProduct[] {
  const pixels = images.reshape<Tensor2D>([images.shape[0], -1]); // [batch, pixels]
  const before = pixels.matMul(first.weights).add<Tensor2D>(first.biases); // [batch, width]
  const active = before.step<Tensor2D>(); // its gradient is zero: the kinks of the ReLU are not differentiated
  const hidden = before.relu<Tensor2D>();
  const last = layerNorm(second ? hidden.matMul(second.weights).add(second.biases) : hidden);
  const above = last.backward(readout); // [batch, width of the last hidden layer]
  const below = (second ? above.matMul<Tensor2D>(second.weights, false, true) : above).mul<Tensor2D>(active);
  return normalised([
    { left: below, right: withOne(pixels) },
    ...(second ? [{ left: above, right: withOne(hidden) }] : []),
    { left: withOne(last.values).mul(Math.sqrt(outputs)), right: tf.ones([images.shape[0], 1]) },
  ]);
}

/** LayerNorm without weights, and the gradient by its input when the gradient by its output is `s` for each image. */
function layerNorm(input: Tensor2D): { values: Tensor2D; backward: (s: Tensor1D) => Tensor2D } {
  const centred = input.sub<Tensor2D>(input.mean(1, true)); // [batch, width]
  const deviation = centred.square().mean(1, true).add(1e-5).sqrt(); // [batch, 1]
  const values = centred.div<Tensor2D>(deviation);
  const backward = (s: Tensor1D): Tensor2D => {
    const along = values.mul(s).mean(1, true); // [batch, 1]
    return s.sub(s.mean()).sub(values.mul(along)).div<Tensor2D>(deviation);
  };
  return { values, backward };
}

/** A column of ones behind the others: the bias belongs to an input that is always 1. */
const withOne = (rows: Tensor2D): Tensor2D => tf.concat([rows, tf.ones([rows.shape[0], 1])], 1) as Tensor2D;

const squaredNorms = (rows: Tensor2D): Tensor => rows.square().sum(1, true); // [batch, 1]

function normalised(blocks: readonly OuterProduct[]): OuterProduct[] {
  const norms = tf.addN(blocks.map(({ left, right }) => squaredNorms(left).mul(squaredNorms(right)))).sqrt(); // [batch, 1]
  return blocks.map(({ left, right }) => ({ left: left.div(norms), right }));
}

/** The same as plain vectors, `[batch, dimension]`: block after block, in each the number on the right the slow index. */
export function asVectors(blocks: readonly OuterProduct[]): Tensor2D {
  const flat = ({ left, right }: OuterProduct) =>
    tf.matMul(right.expandDims(2), left.expandDims(1)).reshape([left.shape[0], -1]);
  return tf.concat(blocks.map(flat), 1) as Tensor2D;
}

/** Inner products of all pairs of feature vectors, `[batch, batch]`. */
export function gram(blocks: readonly OuterProduct[]): Tensor2D {
  const products = (rows: Tensor2D) => rows.matMul<Tensor2D>(rows, false, true);
  return tf.addN(blocks.map(({ left, right }) => products(left).mul<Tensor2D>(products(right))));
}

/** Inner products of each feature vector with each column of a matrix `[dimension, classes]`: `[batch, classes]`. */
export function innerProducts(blocks: readonly OuterProduct[], columns: Tensor2D): Tensor2D {
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
export function ntkDistance(
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
