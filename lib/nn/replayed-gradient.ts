import { replay, tf, type Replay, type Scalar, type Tensor } from '../tensor/index.js';
import type { NetworkParameters, Weights } from './parameters.js';

/** A loss and its gradient by the parameters, as one graph: recorded at the first call, replayed at all others. */
export class ReplayedGradient {
  readonly #names: readonly string[];
  readonly #graph: Replay;

  /**
   * @param loss a scalar from the weights and the inputs; it uses no other tensors.
   * @example
   * const gradient = new ReplayedGradient(network.parameters, (weights, x, y) => distance(network.logits(x, weights), y));
   * const { loss, gradients } = gradient.at(images, labels);   // the caller disposes both
   */
  constructor(
    readonly parameters: NetworkParameters,
    loss: (weights: Weights, ...inputs: Tensor[]) => Scalar,
    { precision = 'float32' }: { readonly precision?: 'float32' | 'bfloat16' } = {},
  ) {
    const names = (this.#names = Object.keys(parameters));
    const compute = (...tensors: Tensor[]): Tensor[] => {
      const [weights, inputs] = [tensors.slice(0, names.length), tensors.slice(names.length)];
      const ofWeights = (...values: Tensor[]) =>
        loss(Object.fromEntries(names.map((name, i) => [name, values[i]!])), ...inputs);
      const { value, grads } = tf.valueAndGrads(ofWeights)(weights);
      return [value, ...grads];
    };
    this.#graph = replay(compute, { name: 'a gradient', precision });
  }

  /** Loss and gradients for these inputs and the parameters as they are now. */
  at(...inputs: Tensor[]): { loss: Scalar; gradients: Record<string, Tensor> } {
    const [loss, ...gradients] = this.#graph.run([...Object.values(this.parameters), ...inputs]);
    const named = this.#names.map((name, i) => [name, gradients[i]!] as const);
    return { loss: loss as Scalar, gradients: Object.fromEntries(named) };
  }

  dispose(): void {
    this.#graph.dispose();
  }
}
