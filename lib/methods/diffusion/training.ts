import { Adam } from '../../nn/adam.js';
import { Ema } from '../../nn/ema.js';
import type { NetworkParameters } from '../../nn/parameters.js';
import { restoreVariables } from '../../nn/training-state.js';
import { tf, type Tensor } from '../../tensor/index.js';
import type { Checkpoint } from '../contract.js';

/** One stage of training: weights, a new Adam and a new average, which a checkpoint keeps together under the stage's name. */
export class Training {
  readonly ema: Ema;
  readonly #adam: Adam;

  constructor(
    readonly stage: string,
    readonly parameters: NetworkParameters,
    readonly options: { readonly emaRate: number; readonly checkpoint: Checkpoint },
  ) {
    this.#adam = new Adam(parameters);
    this.ema = new Ema(parameters, { rate: options.emaRate });
  }

  /** One step along gradients by parameter name, which it disposes. */
  step(gradients: Record<string, Tensor>, learningRate: number): void {
    this.#adam.apply(gradients, learningRate);
    this.ema.update();
    tf.dispose(gradients);
  }

  /**
   * Takes up what an earlier process of the run saved in this stage and gives its step; 0 when there is nothing of this stage,
   * undefined when the run is in another stage already.
   */
  async resume(): Promise<number | undefined> {
    const saved = await this.options.checkpoint.load();
    if (!saved) return 0;
    const { stage, step } = saved.values as { stage: string; step: number };
    try {
      if (stage !== this.stage) return undefined;
      restoreVariables('the network', this.parameters, saved.tensors);
      await this.#adam.restore(saved.tensors);
      await this.ema.restore(saved.tensors);
      return step;
    } finally {
      tf.dispose(saved.tensors as Record<string, Tensor>);
    }
  }

  /** Call it at every step; it writes now and then. */
  save(step: number, options?: { readonly now?: boolean }): Promise<void> {
    const tensors = () => ({ ...this.parameters, ...this.#adam.state(), ...this.ema.state() });
    return this.options.checkpoint.save(() => ({ tensors: tensors(), values: { stage: this.stage, step } }), options);
  }

  dispose(): void {
    this.#adam.dispose();
    this.ema.dispose();
  }
}
