import type { Tensor } from '../../tensor/index.js';
import type { Layer } from '../layers/layer.js';
import type { Tape } from '../tape.js';

/**
 * A network that tells real images from generated ones, made of layers that know the gradients of single examples: DP-SGD can
 * train it. No image's score depends on another image.
 */
export interface Critic {
  /** All of them: `initialParameters(critic.layers, stream)` gives the weights. */
  readonly layers: readonly Layer[];
  /**
   * Scores `[rows]`, high for real: images `[rows, height, width, channels]` in [0, 1], one-hot labels `[rows, classes]`.
   * Rows may be several to an example, one after the other.
   */
  apply(tape: Tape, images: Tensor, labels: Tensor): Tensor;
}
