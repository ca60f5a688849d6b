import type { Tensor2D } from '../../tensor/index.js';
import type { Initial } from '../layers/layer.js';
import type { Module } from './module.js';

export interface DenseOptions {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** `uniform` in ± 1 / sqrt(inputs) as PyTorch's default (the default), or N(0, 2 / inputs), as before a ReLU. */
  readonly kernel?: 'uniform' | 'normal';
  /** `uniform` as the kernel (default), or 0. */
  readonly bias?: 'uniform' | 'zero';
}

/**
 * `[batch, inputs]` to `[batch, outputs]`.
 *
 * @example dense({ name: 'linear', inputs: 64, outputs: 10 })   // linear.kernel [64, 10], linear.bias [10]
 */
export function dense({ name, inputs, outputs, kernel = 'uniform', bias = 'uniform' }: DenseOptions): Module {
  const uniform: Initial = { law: 'uniform', variance: 1 / (3 * inputs) };
  const normal: Initial = { law: 'normal', deviation: Math.sqrt(2 / inputs) };
  const zero: Initial = { law: 'constant', value: 0 };
  return {
    parameters: {
      [`${name}.kernel`]: { shape: [inputs, outputs], initial: kernel === 'uniform' ? uniform : normal },
      [`${name}.bias`]: { shape: [outputs], initial: bias === 'uniform' ? uniform : zero },
    },
    statistics: {},
    apply: (x, { weights }) =>
      (x as Tensor2D).matMul(weights[`${name}.kernel`] as Tensor2D).add(weights[`${name}.bias`]!),
  };
}
