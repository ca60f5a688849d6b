import { OptionError } from '../core/errors.js';
import { tf, type Tensor, type Variable } from '../tensor/index.js';
import { disposeAll, type NetworkParameters } from './parameters.js';
import { named, restoreVariables, StepCount, type TrainingState } from './training-state.js';

export interface EmaOptions {
  /** The largest decay, in [0, 1); default 0.999. */
  readonly rate?: number;
  /** Lets the first updates count more, default true: after update n the decay is min(rate, (1 + n) / (10 + n)). */
  readonly warmUp?: boolean;
}

/**
 * Exponential moving average of parameters, which generates better than the last step's. Of parameters that were trained
 * privately it is post-processing: it costs no budget. A later stage of training copies it into the model and starts a
 * new one.
 *
 * @throws OptionError when the rate is outside [0, 1).
 * @example
 * const ema = new Ema(network.parameters);
 * adam.apply(gradients, rate); ema.update();   // once a logical step
 * ema.copyInto(network.parameters);
 */
export class Ema implements TrainingState {
  /** The averages, under the names of the parameters. */
  readonly shadow: NetworkParameters;
  readonly #rate: number;
  readonly #warmUp: boolean;
  readonly #updates = new StepCount();

  constructor(
    readonly parameters: NetworkParameters,
    { rate = 0.999, warmUp = true }: EmaOptions = {},
  ) {
    if (!(rate >= 0 && rate < 1))
      throw new OptionError({
        asked: 'Ema',
        wrong: 'rate is out of range',
        got: rate,
        expected: 'a number of at least 0 and below 1',
      });
    this.#rate = rate;
    this.#warmUp = warmUp;
    const copies = Object.entries(parameters).map(
      ([name, variable]) => [name, tf.tidy(() => tf.variable(variable.clone(), false))] as const,
    );
    this.shadow = Object.fromEntries(copies);
  }

  /** The decay of update number `n`, counted from 1. */
  decay(n: number): number {
    return this.#warmUp ? Math.min(this.#rate, (1 + n) / (10 + n)) : this.#rate;
  }

  /** Takes in the parameters as they are now: shadow = decay shadow + (1 - decay) parameter. */
  update(): void {
    const step = 1 - this.decay(this.#updates.next());
    tf.tidy(() => {
      for (const [name, shadow] of Object.entries(this.shadow))
        shadow.assign(shadow.add(this.parameters[name]!.sub(shadow).mul(step)));
    });
  }

  /** Sets parameters of the same names to the averages. */
  copyInto(parameters: NetworkParameters): void {
    tf.tidy(() => {
      for (const [name, shadow] of Object.entries(this.shadow)) parameters[name]!.assign(shadow.clone());
    });
  }

  state(prefix = 'ema'): Record<string, Variable> {
    return { ...named(`${prefix}/shadow`, this.shadow), [`${prefix}/updates`]: this.#updates.variable };
  }

  async restore(tensors: Readonly<Record<string, Tensor>>, prefix = 'ema'): Promise<void> {
    restoreVariables('Ema', this.state(prefix), tensors);
    await this.#updates.reread();
  }

  dispose(): void {
    disposeAll(this.state());
  }
}
