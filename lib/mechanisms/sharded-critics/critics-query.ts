import type { SeededStream } from '../../core/rng.js';
import type { Critics, WassersteinLoss } from '../../nn/critics/critic-group.js';
import type { Tensor2D, Tensor4D } from '../../tensor/index.js';

/** Which critics, and how they are trained: everything but the budget, which the plan has. */
export interface CriticsQuery {
  readonly critics: Critics;
  readonly loss: WassersteinLoss;
  /** Records of a critic's shard in an update. */
  readonly batchSize: number;
  readonly learningRate: number;
  /** Adam's beta1 and beta2. */
  readonly momentum: readonly [number, number];
  /** Of the critics before training; public. */
  readonly stream: SeededStream;
  /**
   * What of an image's gradient is released: `[rows, height, width, channels]` to `[rows, values]`, the same public map for all.
   * Default: all of it.
   */
  readonly seen?: (gradients: Tensor4D) => Tensor2D;
}
