import { check } from '../../core/check.js';
import { tf, type Tensor, type Tensor3D, type Tensor4D } from '../../tensor/index.js';
import { byPosition, outputBias } from './dense.js';
import { ghostIsCheaper, materialised, ofProduct } from './example-gradients.js';
import { byBothSides, type ExampleGradients, type InitialMatrix, type Layer, type LayerParameter } from './layer.js';

export interface Conv2dOptions {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Side of the kernel. Default 3. */
  readonly size?: number;
  /** Default 1. */
  readonly stride?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Of the kernel's values before training, see `byBothSides`. Default 1. */
  readonly gain?: number;
  /** The kernel's values before training, instead of those of `gain`. */
  readonly initial?: InitialMatrix;
}

/**
 * Images `[batch, height, width, inputs]` to `[batch, ceil(height / stride), ceil(width / stride), outputs]`, with zeros
 * around them as TensorFlow's 'same' padding has it.
 *
 * @throws OptionError for a size or a stride that is no whole number above 0.
 * @example
 * const layer = conv2d({ name: 'first', inputs: 1, outputs: 64 });   // first.kernel [3, 3, 1, 64], first.bias [64]
 */
export function conv2d(options: Conv2dOptions): Layer {
  const { name, inputs, outputs, size = 3, stride = 1, bias = true, gain = 1 } = options;
  const { initial = byBothSides(gain, size ** 2 * inputs, size ** 2 * outputs) } = options;
  check('count', 'conv2d', { inputs, outputs, size, stride });
  const [kernelName, biasName] = [`${name}.kernel`, `${name}.bias`];
  const shape = [size, size, inputs, outputs];
  const kernel: LayerParameter = {
    shape,
    initial,
    gradients: (input, gradient, examples) =>
      kernelGradients(input as Tensor4D, gradient as Tensor4D, { size, stride, shape, examples }),
  };
  return {
    kind: 'conv2d',
    parameters: { [kernelName]: kernel, ...(bias ? { [biasName]: outputBias(outputs) } : {}) },
    probeShape: ([batch, height, width]) => [batch!, Math.ceil(height! / stride), Math.ceil(width! / stride), outputs],
    apply: (weights, input, probe) => {
      const output = tf.conv2d(input as Tensor4D, weights[kernelName] as Tensor4D, stride, 'same');
      const moved = bias ? output.add(weights[biasName]!) : output;
      return probe ? moved.add(probe) : moved;
    },
  };
}

/** A kernel `[size, size, inputs, outputs]` as its gradients are computed. */
interface Kernel {
  readonly size: number;
  readonly stride: number;
  readonly shape: readonly number[];
  /** Rows of the input are so many, or a multiple. */
  readonly examples: number;
}

/** Channels below which patches of all places in the kernel are smaller than what a product for each place costs. */
const few = 8;

/**
 * For each example sum_t input[t + place] outputGradient[t]^T, for each place in the kernel. One batched product for each
 * place is faster than one of all patches, which must be written first, unless the patches are small. Measured for 64
 * images of 28 x 28 on two busy cores, one product a place against patches: 64 to 64 channels 73 (48 by `oneAfterTheOther`)
 * and 89 ms, 1 to 64 7.1 and 3.7 ms, 64 to 1 (patches of the output gradient) 35 and 5.8 ms.
 */
export function kernelGradients(input: Tensor4D, gradient: Tensor4D, kernel: Kernel): ExampleGradients {
  const { size, stride, shape, examples } = kernel;
  const [inputs, outputs] = [input.shape[3], gradient.shape[3]];
  if (stride === 1 && size % 2 === 1 && outputs < few && outputs < inputs)
    return byOutputPatches(input, gradient, kernel);
  const positions = (gradient.shape[0] / examples) * gradient.shape[1] * gradient.shape[2];
  if (inputs < few || ghostIsCheaper(positions, inputs * size ** 2, outputs))
    return ofProduct(tf.concat(windows(input, kernel), 2), byPosition(gradient, examples), shape);
  const multiplications = positions * inputs * outputs * size ** 2;
  if (multiplications >= many) return exampleByExample(input, gradient, kernel);
  const { shifted, outputGradient } =
    stride === 1
      ? oneAfterTheOther(input, gradient, kernel)
      : { shifted: windows(input, kernel), outputGradient: byPosition(gradient, examples) };
  const products = shifted.map((window) => tf.matMul(window, outputGradient, true)); // [examples, inputs, outputs] each
  return materialised([tf.concat(products, 1)], shape);
}

/** Multiplications for one example from which on an op of its own is worth calling. */
const many = 2e7;

/**
 * TensorFlow's own gradient by the kernel, called for each example: its inner loops are better than those of products, and
 * it costs some 20 microseconds a call. For 64 images of 28 x 28 with 64 channels 39 ms instead of 49 by `oneAfterTheOther`
 * (with norms and weighted sum); with 32 channels, or 14 x 14, it is slower.
 */
function exampleByExample(input: Tensor4D, gradient: Tensor4D, { stride, shape, examples }: Kernel): ExampleGradients {
  const [inputs, gradients] = [tf.split(input, examples), tf.split(gradient, examples)];
  const settings = { strides: stride, pad: 'same', dataFormat: 'NHWC', filterShape: [...shape] };
  const ofExample = (x: Tensor, i: number) =>
    tf.engine().runKernel<Tensor4D>('Conv2DBackpropFilter', { x, dy: gradients[i]! }, settings);
  return materialised([tf.stack(inputs.map(ofExample))], shape);
}

/**
 * With stride 1, windows that need no copies. All images lie in one long row of pixels, with zeros between lines and between
 * images, so that the input moved by one place is the same row from another pixel on: TensorFlow shares memory between a
 * tensor and its slice along the first axis. The output gradient gets zeros at the same pixels, where the windows hold what
 * belongs to no output. A quarter of the time of copied windows is saved for 64 images of 28 x 28 with 16 to 64 channels.
 */
function oneAfterTheOther(
  input: Tensor4D,
  gradient: Tensor4D,
  { size, examples }: Kernel,
): { shifted: Tensor3D[]; outputGradient: Tensor3D } {
  const [rows, height, width, channels] = input.shape;
  const [before, gap] = around(size, size, 1).padding; // as for any length with stride 1; gap is the larger one
  const [line, image] = [width + gap, (width + gap) * (height + gap)];
  const between: [number, number] = [0, gap];
  const long = tf.pad(input, [[1, 1], between, between, [0, 0]]).reshape([(rows + 2) * image, channels]);
  const places = Array.from({ length: size * size }, (_, i) => [Math.floor(i / size), i % size] as const);
  const shifted = places.map(([row, column]) => {
    const start = image + (row - before) * line + (column - before);
    const window = tf.slice(long, [start, 0], [rows * image, channels]);
    return window.reshape<Tensor3D>([examples, (rows / examples) * image, channels]);
  });
  const spread = tf.pad(gradient, [[0, 0], between, between, [0, 0]]);
  return { shifted, outputGradient: byPosition(spread, examples) };
}

/**
 * The same sum over the input's positions s: input[s] outputGradient[s - place]^T, which gives `[inputs, place, outputs]`.
 * Places count from the middle: the size is odd and the stride 1.
 */
function byOutputPatches(input: Tensor4D, gradient: Tensor4D, kernel: Kernel): ExampleGradients {
  const [size, , inputs, outputs] = kernel.shape as [number, number, number, number];
  const patches = tf.concat(windows(gradient, kernel).reverse(), 2);
  const turned = ofProduct(byPosition(input, kernel.examples), patches, [inputs, size, size, outputs]);
  return {
    all: () => turned.all().transpose([0, 2, 3, 1, 4]),
    squaredNorms: () => turned.squaredNorms(),
    weightedSum: (coefficients) => turned.weightedSum(coefficients).transpose([1, 2, 0, 3]),
  };
}

/** For each place in the kernel, row by row, the input that it meets at each output: `[examples, outputPositions, inputs]`. */
function windows(input: Tensor4D, { size, stride, examples }: Kernel): Tensor3D[] {
  const [batch, height, width, channels] = input.shape;
  const [vertical, horizontal] = [around(height, size, stride), around(width, size, stride)];
  const padded = tf.pad(input, [[0, 0], vertical.padding, horizontal.padding, [0, 0]]);
  const reach = (count: number) => (count - 1) * stride + 1;
  const places = Array.from({ length: size * size }, (_, i) => [Math.floor(i / size), i % size] as const);
  return places.map(([row, column]) => {
    const block = tf.slice(
      padded,
      [0, row, column, 0],
      [batch, reach(vertical.outputs), reach(horizontal.outputs), channels],
    );
    const strided = stride === 1 ? block : tf.stridedSlice(block, [0, 0, 0, 0], block.shape, [1, stride, stride, 1]);
    return byPosition(strided, examples);
  });
}

/** Outputs along one side and the zeros before and after it, as TensorFlow counts them for 'same'. */
function around(length: number, size: number, stride: number): { outputs: number; padding: [number, number] } {
  const outputs = Math.ceil(length / stride);
  const zeros = Math.max(0, (outputs - 1) * stride + size - length);
  const before = Math.floor(zeros / 2);
  return { outputs, padding: [before, zeros - before] };
}
