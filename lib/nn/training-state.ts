import { OptionError } from '../core/errors.js';
import { didYouMean } from '../core/nearest.js';
import { tf, type Tensor, type Variable } from '../tensor/index.js';

/**
 * Something with memory of earlier steps (an optimizer, an average), which a checkpoint keeps so that training goes on as if
 * it had not been stopped.
 *
 * @example
 * await checkpoint.save(() => ({ tensors: { ...network.parameters, ...adam.state(), ...ema.state() }, values: { step } }));
 * const saved = await checkpoint.load();
 * if (saved) {
 *   restoreVariables('network', network.parameters, saved.tensors);
 *   await adam.restore(saved.tensors);
 *   await ema.restore(saved.tensors);
 *   tf.dispose(saved.tensors);
 * }
 */
export interface TrainingState {
  /**
   * All that it remembers, by name. These are its own variables: do not dispose them, and read them before the next step.
   *
   * @param prefix begins every name; another one for a second of the same kind.
   */
  state(prefix?: string): Record<string, Variable>;
  /**
   * Takes up what `state` gave, from a record that may hold more; the caller disposes the tensors.
   *
   * @throws OptionError when a tensor is absent or does not fit; nothing is changed then.
   */
  restore(tensors: Readonly<Record<string, Tensor>>, prefix?: string): Promise<void>;
}

/** Variables under `prefix/name`. */
export function named(prefix: string, variables: Readonly<Record<string, Variable>>): Record<string, Variable> {
  return Object.fromEntries(Object.entries(variables).map(([name, variable]) => [`${prefix}/${name}`, variable]));
}

/**
 * Sets variables to the tensors of the same names, which stay the caller's.
 *
 * @throws OptionError when a tensor is absent or has another type or shape; no variable is changed then.
 */
export function restoreVariables(
  of: string,
  variables: Readonly<Record<string, Variable>>,
  tensors: Readonly<Record<string, Tensor>>,
): void {
  const asked = `restoring the state of ${of}`;
  const words = ({ dtype, shape }: Tensor) => `${dtype} [${shape.join(', ')}]`;
  for (const [name, variable] of Object.entries(variables)) {
    const tensor = tensors[name];
    if (!tensor)
      throw new OptionError({
        asked,
        wrong: 'a tensor is absent',
        got: `none named ${name}`,
        next: didYouMean(name, Object.keys(tensors)) || 'Give what `state` gave, with the same prefix.',
      });
    if (words(tensor) !== words(variable))
      throw new OptionError({ asked, wrong: `${name} does not fit`, got: words(tensor), expected: words(variable) });
  }
  // Of a clone: a variable that is set to itself would free its values.
  tf.tidy(() => {
    for (const [name, variable] of Object.entries(variables)) variable.assign(tensors[name]!.clone());
  });
}

/** A count of steps that is a tensor too, so that it is kept with the others. */
export class StepCount {
  readonly variable: Variable = tf.tidy(() => tf.variable(tf.scalar(0, 'int32'), false));
  #value = 0;

  get value(): number {
    return this.#value;
  }

  /** Counts a step and gives its number, from 1. */
  next(): number {
    this.#value++;
    tf.tidy(() => this.variable.assign(tf.scalar(this.#value, 'int32')));
    return this.#value;
  }

  /** After the variable was set. */
  async reread(): Promise<void> {
    this.#value = (await this.variable.data())[0]!;
  }

  dispose(): void {
    this.variable.dispose();
  }
}
