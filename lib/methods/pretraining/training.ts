import { Adam } from '../../nn/adam.js';
import type { Optimizer } from '../../nn/optimizer.js';
import { Ema } from '../../nn/ema.js';
import type { NetworkParameters } from '../../nn/parameters.js';
import { tf, type Tensor } from '../../tensor/index.js';
import type { Checkpoint } from '../contract.js';
import { StageCheckpoint } from '../stage-checkpoint.js';

/** One stage of training: weights, a new optimizer and a new average, which a checkpoint keeps together under the stage's name. */
export class Training {
  readonly ema: Ema;
  readonly kept: StageCheckpoint;
  readonly #optimizer: Optimizer;

  constructor(
    stage: string,
    parameters: NetworkParameters,
    options: {
      readonly emaRate: number;
      readonly checkpoint: Checkpoint;
      /** Weights that an earlier stage has trained and this one only uses: a resumed run may be past that stage. */
      readonly frozen?: NetworkParameters | undefined;
      /** Default Adam. */
      readonly optimizer?: ((parameters: NetworkParameters) => Optimizer) | undefined;
    },
  ) {
    const { emaRate, checkpoint, frozen = {}, optimizer = (trained) => new Adam(trained) } = options;
    const adam = (this.#optimizer = optimizer(parameters));
    const ema = (this.ema = new Ema(parameters, { rate: emaRate }));
    this.kept = new StageCheckpoint(stage, checkpoint, {
      networks: { network: parameters, frozen },
      states: { adam, ema },
    });
  }

  /** One step along gradients by parameter name, which it disposes. */
  step(gradients: Record<string, Tensor>, learningRate: number): void {
    this.#optimizer.apply(gradients, learningRate);
    this.ema.update();
    tf.dispose(gradients);
  }

  dispose(): void {
    this.#optimizer.dispose();
    this.ema.dispose();
  }
}
