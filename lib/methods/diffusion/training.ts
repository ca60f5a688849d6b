import { Adam } from '../../nn/adam.js';
import { Ema } from '../../nn/ema.js';
import type { NetworkParameters } from '../../nn/parameters.js';
import { tf, type Tensor } from '../../tensor/index.js';
import type { Checkpoint } from '../contract.js';
import { StageCheckpoint } from '../stage-checkpoint.js';

/** One stage of training: weights, a new Adam and a new average, which a checkpoint keeps together under the stage's name. */
export class Training {
  readonly ema: Ema;
  readonly kept: StageCheckpoint;
  readonly #adam: Adam;

  constructor(
    stage: string,
    parameters: NetworkParameters,
    { emaRate, checkpoint }: { readonly emaRate: number; readonly checkpoint: Checkpoint },
  ) {
    const adam = (this.#adam = new Adam(parameters));
    const ema = (this.ema = new Ema(parameters, { rate: emaRate }));
    this.kept = new StageCheckpoint(stage, checkpoint, { networks: { network: parameters }, states: { adam, ema } });
  }

  /** One step along gradients by parameter name, which it disposes. */
  step(gradients: Record<string, Tensor>, learningRate: number): void {
    this.#adam.apply(gradients, learningRate);
    this.ema.update();
    tf.dispose(gradients);
  }

  dispose(): void {
    this.#adam.dispose();
    this.ema.dispose();
  }
}
