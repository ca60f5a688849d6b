import type { ImageShape } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import { tf, type Tensor, type Tensor1D, type Tensor2D } from '../../tensor/index.js';

/** A dense layer: x W + b. */
interface DenseWeights {
  readonly weights: Tensor2D; // [in, out]
  readonly biases: Tensor1D; // [out]
}

/**
 * What the gradient of the sum of all outputs of a random network needs of its weights: image -> dense -> ReLU (-> dense) ->
 * LayerNorm -> dense. Of the last layer it is the sum over its outputs alone, and its biases do not matter.
 */
export interface NtkNetwork {
  readonly first: DenseWeights;
  /** Of networks with two hidden layers; no ReLU follows it. */
  readonly second?: DenseWeights;
  readonly readout: Tensor1D; // [width of the last hidden layer]
  readonly outputs: number;
}

interface NtkNetworkOptions {
  readonly shape: ImageShape;
  /** Units of the one or two hidden layers. */
  readonly widths: readonly [number] | readonly [number, number];
  readonly outputs: number;
}

/**
 * Draws a network as PyTorch initialises linear layers: weights and biases uniform in +-1 / sqrt(inputs). It is public, and it
 * is not trained.
 */
export function drawNtkNetwork({ shape, widths, outputs }: NtkNetworkOptions, stream: SeededStream): NtkNetwork {
  const pixels = shape.height * shape.width * shape.channels;
  const [width, secondWidth] = widths;
  const last = secondWidth ?? width;
  return {
    first: drawDense(pixels, width, stream.fork('first layer')),
    ...(secondWidth !== undefined && { second: drawDense(width, secondWidth, stream.fork('second layer')) }),
    readout: tf.tidy(() => drawDense(last, outputs, stream.fork('last layer')).weights.sum<Tensor1D>(1)),
    outputs,
  };
}

function drawDense(inputs: number, units: number, stream: SeededStream): DenseWeights {
  const uniform = (count: number) =>
    Float32Array.from({ length: count }, () => (2 * stream.uniform() - 1) / Math.sqrt(inputs));
  return {
    weights: tf.tensor2d(uniform(inputs * units), [inputs, units]),
    biases: tf.tensor1d(uniform(units)),
  };
}

/** The tensors of a network in a row, for a recorded graph; `ntkNetworkOf` puts them together again. */
export function ntkTensors({ first, second, readout }: NtkNetwork): Tensor[] {
  return [first, ...(second ? [second] : [])]
    .flatMap(({ weights, biases }): Tensor[] => [weights, biases])
    .concat(readout);
}

/** The network whose tensors `ntkTensors` gave. */
export function ntkNetworkOf(tensors: readonly Tensor[], outputs: number): NtkNetwork {
  const dense = (at: number) => ({ weights: tensors[at] as Tensor2D, biases: tensors[at + 1] as Tensor1D });
  const readout = tensors.at(-1) as Tensor1D;
  return { first: dense(0), ...(tensors.length > 3 && { second: dense(2) }), readout, outputs };
}

/** Length of the feature vectors: 628,801 for one hidden layer of 800 units over 28 x 28 pixels. */
export function ntkDimension({ first, second, readout }: NtkNetwork): number {
  const dense = [first, ...(second ? [second] : [])].map(({ weights: { shape } }) => (shape[0] + 1) * shape[1]);
  return dense.reduce((sum, count) => sum + count, 0) + readout.size + 1;
}

/** The same for a network of such widths, before it is drawn. */
export function tangentValues(widths: readonly number[], { height, width, channels }: ImageShape): number {
  const lengths = [height * width * channels, ...widths];
  const dense = widths.map((outputs, layer) => (lengths[layer]! + 1) * outputs);
  return dense.reduce((sum, count) => sum + count, 0) + lengths.at(-1)! + 1;
}
