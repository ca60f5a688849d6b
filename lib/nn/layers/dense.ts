import { tf, type Tensor, type Tensor2D, type Tensor3D } from '../../tensor/index.js';
import { materialised, ofProduct } from './example-gradients.js';
import { byBothSides, type InitialMatrix, type Layer, type LayerParameter } from './layer.js';

export interface DenseOptions {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Default true. */
  readonly bias?: boolean;
  /** The kernel's values before training. Default: by both its sides, with gain 1. */
  readonly initial?: InitialMatrix;
}

/**
 * `[batch, ..., inputs]` to `[batch, ..., outputs]`: `input . kernel + bias`.
 *
 * @example
 * const layer = dense({ name: 'out', inputs: 64, outputs: 10 });   // out.kernel [64, 10], out.bias [10]
 */
export function dense(options: DenseOptions): Layer {
  const { name, inputs, outputs, bias = true, initial = byBothSides(1, inputs, outputs) } = options;
  const [kernelName, biasName] = [`${name}.kernel`, `${name}.bias`];
  return {
    kind: 'dense',
    parameters: {
      [kernelName]: matrixParameter([inputs, outputs], initial),
      ...(bias ? { [biasName]: outputBias(outputs) } : {}),
    },
    probeShape: (shape) => [...shape.slice(0, -1), outputs],
    apply: (weights, input, probe) => {
      const output = byMatrix(input, weights[kernelName]!);
      const moved = bias ? output.add(weights[biasName]!) : output;
      return probe ? moved.add(probe) : moved;
    },
  };
}

/** A matrix `[inputs, outputs]` that multiplies the last axis of the input. */
export function matrixParameter(shape: readonly [number, number], initial: InitialMatrix): LayerParameter {
  return {
    shape,
    initial,
    gradients: (input, gradient, examples) =>
      ofProduct(byPosition(input, examples), byPosition(gradient, examples), shape),
  };
}

/** `[batch, ..., inputs]` times `[inputs, outputs]`. */
export function byMatrix(input: Tensor, matrix: Tensor): Tensor {
  const [inputs, outputs] = matrix.shape as [number, number];
  const rows = input.reshape([input.size / inputs, inputs]) as Tensor2D;
  return tf.matMul(rows, matrix as Tensor2D).reshape([...input.shape.slice(0, -1), outputs]);
}

/** A bias `[size]` that is added to the output's last axis: its gradient is the output's, summed over positions. */
export function outputBias(size: number): LayerParameter {
  return {
    shape: [size],
    initial: { law: 'constant', value: 0 },
    gradients: (_input, gradient, examples) => materialised([byPosition(gradient, examples).sum(1)], [size]),
  };
}

/** `[rows, ..., size]` as `[examples, positions, size]`: the positions of all rows of an example count alike. */
export function byPosition(tensor: Tensor, examples = tensor.shape[0]!): Tensor3D {
  const size = tensor.shape.at(-1)!;
  return tensor.reshape([examples, tensor.size / (examples * size), size]);
}
