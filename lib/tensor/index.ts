export { tf } from './tf.js';
export { replay, type Replay } from './replay.js';
export { inFullPrecision } from './replay/full-precision.js';
export { setupEngine, type EngineReport, type SetupOptions } from './runtime/setup.js';
export { cacheFolder } from './runtime/cache-folder.js';
export { computeEnvironment, mallocVariables } from './malloc.js';
export { imageBytes, imageTensor, oneHotTensor } from './image-tensor.js';
export type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D, Variable } from './types.js';
export {
  choleskyFactor,
  congruentEigenvalues,
  lowerCongruentEigenvalues,
  momentsInFloat64,
  rowEigenvalues,
  symmetricEigen,
  type SymmetricEigen,
} from './float64.js';
export { inspectEngine, type DoctorLine } from './inspect.js';
export { runOp, type OpAttributes } from './run-op.js';
export { tensorFlowVersion } from './version.js';
export { assignWeights, loadWeights, type LoadedWeights } from './weights/load-weights.js';
export { saveWeights } from './weights/save-weights.js';
