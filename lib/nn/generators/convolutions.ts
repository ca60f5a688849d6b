import { tf, type Tensor, type Tensor2D, type Tensor3D, type Tensor4D } from '../../tensor/index.js';

/** 3 x 3 convolution with zeros around: `[batch, height, width, inputs]` by `[3, 3, inputs, outputs]`. */
export function convolve(images: Tensor4D, kernel: Tensor, bias: Tensor): Tensor4D {
  return tf.conv2d(images, kernel as Tensor4D, 1, 'same').add(bias);
}

/** A linear map of each place's channels: `[batch, height, width, inputs]` by `[inputs, outputs]`. */
export function convolveByPlace(images: Tensor4D, kernel: Tensor): Tensor4D {
  const [batch, height, width, inputs] = images.shape;
  const rows = images.reshape<Tensor2D>([batch * height * width, inputs]);
  return rows.matMul(kernel as Tensor2D).reshape([batch, height, width, kernel.shape[1]!]);
}

/**
 * The convolution of images made twice as large, each value four times, without making them: to `[batch, 2 height, 2 width,
 * outputs]`. Each value meets four places of the output in each direction, by sums of the kernel's values: a transposed
 * convolution with a kernel of 4 x 4, which is 4 / 9 of the multiplications.
 */
export function enlargeAndConvolve(images: Tensor4D, kernel: Tensor): Tensor4D {
  const [batch, height, width] = images.shape;
  const turned = tf.reverse(kernel as Tensor4D, [0, 1]);
  const spread = besideItself(besideItself(turned, 0), 1).transpose<Tensor4D>([0, 1, 3, 2]); // [4, 4, outputs, inputs]
  const shape: [number, number, number, number] = [batch, 2 * height, 2 * width, kernel.shape[3]!];
  return tf.conv2dTranspose(images, spread, shape, 2, 'same');
}

/** The sum of a tensor and of itself moved on by one place of an axis, which grows by one. */
function besideItself(kernel: Tensor4D, axis: number): Tensor4D {
  const padded = (zeros: [number, number]) => {
    const paddings = kernel.shape.map((_, i): [number, number] => (i === axis ? zeros : [0, 0]));
    return tf.pad(kernel, paddings);
  };
  return padded([0, 1]).add(padded([1, 0]));
}

/**
 * The same as `convolve`, for few outputs: what each place adds to its neighbours is one product of matrices, and the
 * nine parts are small.
 */
export function convolveToFew(images: Tensor4D, kernel: Tensor, bias: Tensor): Tensor4D {
  const [batch, height, width, inputs] = images.shape;
  const outputs = kernel.shape[3]!;
  const columns = (kernel as Tensor4D).reshape<Tensor3D>([9, inputs, outputs]).transpose([1, 0, 2]);
  const parts = convolveByPlace(images, columns.reshape([inputs, 9 * outputs])); // [batch, height, width, 9 outputs]
  const padded = tf.pad(parts, [[0, 0], [1, 1], [1, 1], [0, 0]]); // prettier-ignore
  const shifted = Array.from({ length: 9 }, (_, i) => {
    const [row, column] = [Math.floor(i / 3), i % 3];
    return tf.slice(padded, [0, row, column, i * outputs], [batch, height, width, outputs]);
  });
  return tf.addN(shifted).add(bias);
}
