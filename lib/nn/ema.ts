import { OptionError } from '../core/errors.js';
import { tf, type Tensor, type Variable } from '../tensor/index.js';
import { disposeAll, restore, snapshot, type NetworkParameters } from './parameters.js';
import { named, restoreVariables, StepCount, type TrainingState } from './training-state.js';

export interface EmaOptions {
  /** The largest decay, in [0, 1); default 0.999. */
  readonly rate?: number;
  /**
   * Lets the first updates count more: after update n the decay is min(rate, (1 + n) / (10 + n)), the default, or with
   * `mean-at-first` min(rate, 1 - 1 / n), so that the average begins as the mean of all updates.
   */
  readonly warmUp?: boolean | 'mean-at-first';
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
  readonly #warmUp: boolean | 'mean-at-first';
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
    if (this.#warmUp === false) return this.#rate;
    return Math.min(this.#rate, this.#warmUp === true ? (1 + n) / (10 + n) : 1 - 1 / n);
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

  /** Does something while the parameters have their averages: draws images in the middle of training. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const copies = snapshot(this.parameters);
    this.copyInto(this.parameters);
    try {
      return await work();
    } finally {
      restore(this.parameters, copies);
      tf.dispose(copies);
    }
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
