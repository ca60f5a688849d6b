import { runOp, tf, type Tensor, type Tensor4D } from '../../tensor/index.js';

/**
 * The pixels 0, 2, 4, … of both sides: `[batch, height, width, channels]` to `[batch, ceil(height / 2), ceil(width / 2), channels]`.
 * TensorFlow.js has no gradient for strided slices.
 *
 * A 1 x 1 convolution with stride 2 is this and then one with stride 1: TensorFlow's gradient by the kernel of a strided one
 * writes outside its memory when the side is even (2.21, CPU, 8 x 12 pixels, 8 to 16 channels: the process ends).
 */
export function everySecondPixel(x: Tensor4D): Tensor4D {
  const strided = tf.customGrad((x) => {
    const shape = (x as Tensor).shape;
    const strides = [1, 2, 2, 1];
    const gradFunc = (dy: Tensor): Tensor => {
      const numbers = [shape, [0, 0, 0, 0], shape, strides].map((values) => tf.tensor1d(values, 'int32'));
      const masks = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'];
      const none = Object.fromEntries(masks.map((name) => [name, { int: 0 }]));
      const types = { T: { type: 'float32' }, Index: { type: 'int32' } } as const;
      return runOp('StridedSliceGrad', { ...types, ...none }, [...numbers, dy])[0]!;
    };
    return { value: tf.stridedSlice(x as Tensor, [0, 0, 0, 0], shape, strides), gradFunc };
  });
  return strided(x) as Tensor4D;
}
