import type { OuterProduct } from '../../mechanisms/index.js';
import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import type { NtkNetwork } from './ntk-network.js';

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
