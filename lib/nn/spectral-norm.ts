import { replay, tf, type Replay, type Scalar, type Tensor, type Tensor2D } from '../tensor/index.js';
import type { SeededStream } from '../core/rng.js';
import type { NetworkParameters, Weights } from './parameters.js';

/**
 * Spectral normalisation (Miyato et al. 2018, Algorithm 1): weights divided by an estimate of their largest singular value,
 * as matrices `[everything else, outputs]`. The estimate is uᵀ W v by vectors u and v that one power iteration a training
 * step brings up to date, and that count as constants for the gradient.
 */
export class PowerIteration {
  readonly #graph: Replay;

  /** @param names of the weights that are normalised. */
  constructor(readonly names: readonly string[]) {
    this.#graph = replay((...tensors) => iterated(tensors), { name: 'a power iteration' });
  }

  /**
   * The vectors of a network's weights, after one iteration from random ones: for each weight `NAME.left` `[everything else]` and
   * `NAME.right` `[outputs]`, of length 1.
   */
  start(parameters: NetworkParameters, stream: SeededStream): NetworkParameters {
    const vector = (values: Float32Array) => tf.tidy(() => tf.variable(tf.tensor1d(values), false));
    const entries = this.names.flatMap((name) => {
      const { shape, size } = parameters[name]!;
      const right = new Float32Array(shape.at(-1)!);
      stream.fork(name).fillNormal(right);
      const left = new Float32Array(size / right.length);
      return [[leftOf(name), vector(left)] as const, [rightOf(name), vector(right)] as const];
    });
    const state = Object.fromEntries(entries);
    this.advance(parameters, state);
    return state;
  }

  /** One iteration of each weight as it is now. */
  advance(parameters: NetworkParameters, state: NetworkParameters): void {
    tf.tidy(() => {
      const weights = this.names.map((name) => parameters[name]!);
      const rights = this.names.map((name) => state[rightOf(name)]!);
      const updated = this.#graph.run([...weights, ...rights]);
      this.names.forEach((name, i) => {
        state[leftOf(name)]!.assign(updated[2 * i]!);
        state[rightOf(name)]!.assign(updated[2 * i + 1]!);
      });
    });
  }

  dispose(): void {
    this.#graph.dispose();
  }
}

const leftOf = (name: string) => `${name}.left`;
const rightOf = (name: string) => `${name}.right`;

/** The estimate of the largest singular value of a weight, from the vectors of `state` that stand among the weights. */
export function spectralEstimate(weights: Weights, name: string): Scalar {
  const [left, right] = [weights[leftOf(name)]!, weights[rightOf(name)]!];
  // No product of matrices: those are rounded in a graph of bfloat16, and so would be all that is divided by this.
  return asMatrix(weights[name]!)
    .mul(left.reshape([-1, 1]).mul(right.reshape([1, -1])))
    .sum()
    .asScalar();
}

/** A weight divided by the estimate of its largest singular value. */
export function spectrallyNormalised(weights: Weights, name: string): Tensor {
  return weights[name]!.div(spectralEstimate(weights, name));
}

function asMatrix(weight: Tensor): Tensor2D {
  const outputs = weight.shape.at(-1)!;
  return weight.reshape([weight.size / outputs, outputs]);
}

/** New left and right vectors in turn, from the weights and then their right vectors. */
function iterated(tensors: readonly Tensor[]): Tensor[] {
  const count = tensors.length / 2;
  const unit = (x: Tensor) => x.div(tf.maximum(x.square().sum().sqrt(), 1e-6));
  return tensors.slice(0, count).flatMap((weight, i) => {
    const matrix = asMatrix(weight);
    const left = unit(matrix.matMul(tensors[count + i]!.reshape([-1, 1]))); // [everything else, 1]
    const right = unit(matrix.matMul(left as Tensor2D, true)); // [outputs, 1]
    return [left.reshape([-1]), right.reshape([-1])];
  });
}
