import { tf, type Tensor, type Variable } from '../tensor/index.js';
import { disposeAll, zerosLike, type NetworkParameters } from './parameters.js';
import { named, restoreVariables, StepCount, type TrainingState } from './training-state.js';

/** Adam (Kingma and Ba 2015, Algorithm 1), with the learning rate given at each step. */
export class Adam implements TrainingState {
  readonly #first: NetworkParameters;
  readonly #second: NetworkParameters;
  readonly #steps = new StepCount();

  constructor(
    readonly parameters: NetworkParameters,
    readonly beta1 = 0.9,
    readonly beta2 = 0.999,
    readonly epsilon = 1e-8,
  ) {
    this.#first = zerosLike(parameters);
    this.#second = zerosLike(parameters);
  }

  /** One step along given gradients, by parameter name. */
  apply(gradients: Readonly<Record<string, Tensor>>, learningRate: number): void {
    const step = this.#steps.next();
    const { beta1, beta2, epsilon } = this;
    const rate = (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
    tf.tidy(() => {
      for (const [name, variable] of Object.entries(this.parameters)) {
        const gradient = gradients[name]!;
        const [first, second] = [this.#first[name]!, this.#second[name]!];
        first.assign(first.mul(beta1).add(gradient.mul(1 - beta1)));
        second.assign(second.mul(beta2).add(gradient.square().mul(1 - beta2)));
        variable.assign(variable.sub(first.mul(rate).div(second.sqrt().add(epsilon))));
      }
    });
  }

  state(prefix = 'adam'): Record<string, Variable> {
    return {
      ...named(`${prefix}/first`, this.#first),
      ...named(`${prefix}/second`, this.#second),
      [`${prefix}/steps`]: this.#steps.variable,
    };
  }

  async restore(tensors: Readonly<Record<string, Tensor>>, prefix = 'adam'): Promise<void> {
    restoreVariables('Adam', this.state(prefix), tensors);
    await this.#steps.reread();
  }

  dispose(): void {
    disposeAll(this.state());
  }
}
