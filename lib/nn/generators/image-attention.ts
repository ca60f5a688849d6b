import { tf, type Tensor, type Tensor3D, type Tensor4D } from '../../tensor/index.js';
import { convolveByPlace } from './convolutions.js';

interface AttentionWeights {
  readonly query: Tensor; // [channels, channels / 8]
  readonly key: Tensor; // [channels, channels / 8]
  readonly value: Tensor; // [channels, channels / 2]
  readonly out: Tensor; // [channels / 2, channels]
  /** A number that multiplies what attention adds. */
  readonly weight: Tensor;
}

/**
 * Self-attention of images (Zhang et al. 2019, "Self-attention generative adversarial networks", as BigGAN has it): each place
 * adds an average of values over squares of 2 x 2 places, by softmax(query . key) without a scale. Height and width are even.
 */
export function attendToImage(images: Tensor4D, { query, key, value, out, weight }: AttentionWeights): Tensor4D {
  const [batch, height, width] = images.shape;
  const [places, squares] = [height * width, (height * width) / 4];
  const [keySize, valueSize] = [query.shape[1]!, value.shape[1]!];
  const all = convolveByPlace(images, tf.concat([query, key, value], 1)); // [batch, height, width, all sizes]
  const [queries, rest] = tf.split(all, [keySize, keySize + valueSize], 3) as [Tensor4D, Tensor4D];
  const pooled = tf.maxPool(rest, 2, 2, 'valid').reshape<Tensor3D>([batch, squares, keySize + valueSize]);
  const [keys, values] = tf.split(pooled, [keySize, valueSize], 2) as [Tensor3D, Tensor3D];
  const scores = queries.reshape<Tensor3D>([batch, places, keySize]).matMul(keys, false, true); // [batch, places, squares]
  const found = scores.softmax().matMul(values).reshape<Tensor4D>([batch, height, width, valueSize]);
  return images.add(convolveByPlace(found, out.mul(weight)));
}
