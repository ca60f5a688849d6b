import { tf, type Tensor, type Variable } from '../tensor/index.js';
import type { NetworkParameters } from './parameters.js';

/** Adam (Kingma and Ba 2015, Algorithm 1), with the learning rate given at each step. */
export class Adam {
  readonly #moments = new Map<string, { first: Variable; second: Variable }>();
  #steps = 0;

  constructor(
    readonly parameters: NetworkParameters,
    readonly beta1 = 0.9,
    readonly beta2 = 0.999,
    readonly epsilon = 1e-8,
  ) {
    for (const [name, { shape }] of Object.entries(parameters))
      this.#moments.set(
        name,
        tf.tidy(() => ({ first: tf.variable(tf.zeros(shape)), second: tf.variable(tf.zeros(shape)) })),
      );
  }

  /** One step along given gradients, by parameter name. */
  apply(gradients: Readonly<Record<string, Tensor>>, learningRate: number): void {
    this.#steps++;
    const { beta1, beta2, epsilon } = this;
    const rate = (learningRate * Math.sqrt(1 - beta2 ** this.#steps)) / (1 - beta1 ** this.#steps);
    tf.tidy(() => {
      for (const [name, variable] of Object.entries(this.parameters)) {
        const gradient = gradients[name]!;
        const { first, second } = this.#moments.get(name)!;
        first.assign(first.mul(beta1).add(gradient.mul(1 - beta1)));
        second.assign(second.mul(beta2).add(gradient.square().mul(1 - beta2)));
        variable.assign(variable.sub(first.mul(rate).div(second.sqrt().add(epsilon))));
      }
    });
  }

  dispose(): void {
    for (const { first, second } of this.#moments.values()) {
      first.dispose();
      second.dispose();
    }
  }
}
