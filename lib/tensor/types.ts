/** The types of TensorFlow.js that the rest of dpbench speaks of: nobody else imports that package. */
export type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D, Variable } from '@tensorflow/tfjs-node';
