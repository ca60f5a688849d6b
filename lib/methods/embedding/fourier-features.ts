import type { ImageShape } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import { tf, type Tensor2D, type Tensor4D } from '../../tensor/index.js';

/** Frequencies of the Gaussian kernel exp(-|x - y|^2 / (2 s)): entries N(0, 1 / s), `[pixels, features / 2]`. Public. */
export function drawFrequencies(
  { shape }: { shape: ImageShape },
  features: number,
  squaredLengthScale: number,
  stream: SeededStream,
): Tensor2D {
  const pixels = shape.height * shape.width * shape.channels;
  const values = new Float32Array(pixels * Math.ceil(features / 2));
  stream.fork('frequencies').fillNormal(values, 1 / Math.sqrt(squaredLengthScale));
  return tf.tensor2d(values, [pixels, Math.ceil(features / 2)]);
}

/** `[cos(x W), sin(x W)] / sqrt(features / 2)`: norm 1 for every image. */
export function fourierFeatures(images: Tensor4D, frequencies: Tensor2D): Tensor2D {
  const [pixels, half] = frequencies.shape;
  const angles = images.reshape([-1, pixels]).matMul(frequencies); // [batch, features / 2]
  return tf.concat([angles.cos(), angles.sin()], 1).mul(1 / Math.sqrt(half)) as Tensor2D; // [batch, features]
}
