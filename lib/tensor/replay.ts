import type { Tensor } from '@tensorflow/tfjs-node';
import { Replay, type ReplayOptions } from './replay/replay.js';
import { tf } from './tf.js';

export type { Replay } from './replay/replay.js';

/**
 * A function of tensors as one TensorFlow graph, recorded at the first call for some shapes: see `Replay`.
 *
 * @example const step = replay((x, w) => [tf.matMul(x, w).relu()]);  const [y] = step.run([images, weights]);
 */
export const replay = (compute: (...inputs: Tensor[]) => readonly Tensor[], options?: ReplayOptions): Replay =>
  new Replay(tf, compute, options);
