import type { Images, ImageShape } from '../../core/images.js';
import { imageTensor, tf, type Tensor2D, type Tensor4D } from '../../tensor/index.js';

/** Where float32 stops to hold every whole number. */
const exactBelow = 2 ** 24;
const cells = 14;

/**
 * Where nearness of images is measured: means of squares of pixels, some 14 on a side, the picture seen from afar. It knows
 * nothing of any data.
 *
 * The means are rounded to whole numbers so small that float32 adds up their products exactly, in whatever order an engine adds.
 * Else the votes of a record whose nearest images are equally near could depend on the last bits of a sum, those on the
 * records that happen to be in the same batch, and one record more could turn the votes of others.
 */
export class PooledPixels {
  readonly #square: number;
  readonly #levels: number;
  /** Length of an embedding. */
  readonly size: number;

  constructor({ height, width, channels }: ImageShape) {
    const square = (this.#square = Math.max(1, Math.floor(Math.min(height, width) / cells)));
    this.size = Math.ceil(height / square) * Math.ceil(width / square) * channels;
    this.#levels = Math.min(255, Math.floor(Math.sqrt(exactBelow / this.size)));
  }

  /** Images `[batch, height, width, channels]` in [0, 1] to whole numbers from 0, `[batch, size]`. */
  embed(images: Tensor4D): Tensor2D {
    return tf.tidy(() => {
      const means = tf.avgPool(images, this.#square, this.#square, 'same');
      return means.mul(this.#levels).round().reshape([images.shape[0], this.size]);
    });
  }

  /** The same of all images of a stack, a few at a time; belongs to the caller. */
  embedAll(images: Images, batchSize = 500): Tensor2D {
    return tf.tidy(() => {
      const parts: Tensor2D[] = [];
      for (let start = 0; start < images.count; start += batchSize)
        parts.push(tf.tidy(() => this.embed(imageTensor(images, start, Math.min(images.count, start + batchSize)))));
      return tf.concat(parts);
    });
  }
}
