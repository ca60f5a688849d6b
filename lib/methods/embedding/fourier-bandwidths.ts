import type { ImageShape } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import { tf, type Tensor2D } from '../../tensor/index.js';

/** Bandwidths that double: `{ smallest: 1, count: 5 }` is 1, 2, 4, 8, 16. */
export interface Bandwidths {
  readonly smallest: number;
  readonly count: number;
}

/**
 * Frequencies of the mean of Gaussian kernels exp(-|x - y|^2 / (2 s^2)), one for each bandwidth s, of images in [-1, 1]: with
 * them `fourierFeatures` of images in [0, 1] has that kernel. Each kernel has as many frequencies, so that the features have
 * norm 1; those of the sum of the kernels would be longer by the root of their number. Public.
 *
 * @param frequencies of each bandwidth.
 * @returns `[pixels, bandwidths * frequencies]`
 */
export function drawBandwidths(
  { height, width, channels }: ImageShape,
  { smallest, count }: Bandwidths,
  frequencies: number,
  stream: SeededStream,
): Tensor2D {
  const pixels = height * width * channels;
  const drawn = Array.from({ length: count }, (_, i) => {
    const values = new Float32Array(pixels * frequencies);
    // Twice: [0, 1] has half the width of [-1, 1].
    stream.fork(`frequencies ${i}`).fillNormal(values, 2 / (smallest * 2 ** i));
    return values;
  });
  return tf.tidy(
    () =>
      tf.concat(
        drawn.map((values) => tf.tensor2d(values, [pixels, frequencies])),
        1,
      ) as Tensor2D,
  );
}
