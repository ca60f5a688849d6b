import { tf, type Tensor, type Tensor4D } from '../../tensor/index.js';

// Each is the other's gradient but for the factor 4, which tfjs does not know.

/** Images twice as high and wide, each value four times: `[batch, height, width, channels]` to `[batch, 2 height, 2 width, channels]`. */
export function upsample(images: Tensor): Tensor {
  return twice(
    (x) => spread(x),
    (dy) => average(dy).mul(4),
  )(images);
}

/** Means of squares of 2 x 2: `[batch, 2 height, 2 width, channels]` to `[batch, height, width, channels]`. */
export function downsample(images: Tensor): Tensor {
  return twice(
    (x) => average(x),
    (dy) => spread(dy).div(4),
  )(images);
}

const twice = (value: (x: Tensor) => Tensor, gradient: (dy: Tensor) => Tensor) =>
  tf.customGrad((x) => ({ value: value(x as Tensor), gradFunc: gradient }));

function spread(x: Tensor): Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const repeated = x.reshape([batch, height, 1, width, 1, channels]).tile([1, 1, 2, 1, 2, 1]);
  return repeated.reshape([batch, 2 * height, 2 * width, channels]);
}

function average(x: Tensor): Tensor {
  return tf.avgPool(x as Tensor4D, 2, 2, 'valid');
}
