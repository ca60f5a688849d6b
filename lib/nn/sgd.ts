import { check } from '../core/check.js';
import { OptionError } from '../core/errors.js';
import { tf, type Tensor, type Variable } from '../tensor/index.js';
import { disposeAll, zerosLike, type NetworkParameters } from './parameters.js';
import type { Optimizer } from './optimizer.js';
import { named, restoreVariables } from './training-state.js';

export interface SgdOptions {
  /** In [0, 1), default 0: how much of the last step goes on. */
  readonly momentum?: number;
  /** Times the parameter itself, added to its gradient; default 0. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent with momentum in the form of PyTorch's `torch.optim.SGD` (Sutskever et al. 2013 with the rate
 * outside): velocity = momentum velocity + gradient; parameter = parameter - rate velocity.
 *
 * @throws OptionError when the momentum is outside [0, 1) or the weight decay is negative.
 */
export class Sgd implements Optimizer {
  /** None without momentum. */
  readonly #velocities: NetworkParameters;
  readonly #momentum: number;
  readonly #weightDecay: number;

  constructor(
    readonly parameters: NetworkParameters,
    { momentum = 0, weightDecay = 0 }: SgdOptions = {},
  ) {
    check('notNegative', 'Sgd', { momentum, weightDecay });
    if (momentum >= 1)
      throw new OptionError({ asked: 'Sgd', wrong: 'momentum is out of range', got: momentum, expected: 'below 1' });
    this.#momentum = momentum;
    this.#weightDecay = weightDecay;
    this.#velocities = momentum === 0 ? {} : zerosLike(parameters);
  }

  /** One step along given gradients, by parameter name. */
  apply(gradients: Readonly<Record<string, Tensor>>, learningRate: number): void {
    tf.tidy(() => {
      for (const [name, variable] of Object.entries(this.parameters)) {
        const gradient =
          this.#weightDecay === 0 ? gradients[name]! : gradients[name]!.add(variable.mul(this.#weightDecay));
        const velocity = this.#velocities[name];
        velocity?.assign(velocity.mul(this.#momentum).add(gradient));
        variable.assign(variable.sub((velocity ?? gradient).mul(learningRate)));
      }
    });
  }

  state(prefix = 'sgd'): Record<string, Variable> {
    return named(`${prefix}/velocity`, this.#velocities);
  }

  restore(tensors: Readonly<Record<string, Tensor>>, prefix = 'sgd'): Promise<void> {
    restoreVariables('Sgd', this.state(prefix), tensors);
    return Promise.resolve();
  }

  dispose(): void {
    disposeAll(this.#velocities);
  }
}
