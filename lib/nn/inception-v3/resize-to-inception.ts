import { tf, type Tensor4D } from '../../tensor/index.js';
import { inceptionSide } from './architecture.js';

const sides: [number, number] = [inceptionSide, inceptionSide];

/** Linear between half-pixel centres, v / 127.5 - 1, as pytorch-fid does and with it most FIDs of PyTorch. */
export function halfPixelResize(bytes: Tensor4D): Tensor4D {
  const resized = tf.image.resizeBilinear(bytes.div(255) as Tensor4D, sides, false, true);
  return resized.mul(2).sub(1);
}

/** Linear between pixel corners, (v - 128) / 128: the graph of 2015 itself, and torch-fidelity's imitation of it. */
export function cornerResize(bytes: Tensor4D): Tensor4D {
  return tf.image.resizeBilinear(bytes, sides, false, false).sub(128).div(128);
}
