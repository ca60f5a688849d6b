import { OptionError } from '../../core/errors.js';
import type { ImageShape } from '../../core/images.js';
import { tf, type Tensor2D, type Tensor4D } from '../../tensor/index.js';

/** @throws OptionError when squares of this side do not fill images of the shape. */
export function checkSquares({ height, width }: ImageShape, side: number): void {
  if (height % side !== 0 || width % side !== 0)
    throw new OptionError({
      asked: 'gs-wgan',
      wrong: 'shrink does not divide the sides of the images',
      got: side,
      expected: `a divisor of ${height} and ${width}`,
    });
}

/**
 * Images as their parts along squares of `side` x `side` pixels, `[rows, height, width, channels]` to `[rows, values]`: means times
 * `side`, which keeps the length of what is constant on squares and leaves fewer values for noise to fall on.
 */
export function averagedOverSquares(images: Tensor4D, side: number): Tensor2D {
  const means = side === 1 ? images : tf.avgPool(images, side, side, 'valid').mul(side);
  return means.reshape([images.shape[0], -1]);
}

/** The images that have these parts along squares and no others: the adjoint of `averagedOverSquares`. */
export function spreadOverSquares(values: Tensor2D, { height, width, channels }: ImageShape, side: number): Tensor4D {
  const small = values.reshape<Tensor4D>([values.shape[0], height / side, width / side, channels]);
  return side === 1 ? small : tf.image.resizeNearestNeighbor(small, [height, width]).div(side);
}
