import { check } from '../../core/check.js';
import { tf, type Tensor, type Tensor1D } from '../../tensor/index.js';

/**
 * The clean images that a noisy batch comes from, as guessed: `noisy` is `[rows, …]` with noise of deviation `sigma` (one
 * number for all rows), `labels` int32 `[rows]`. The result has the shape of `noisy` and belongs to the caller.
 */
export type Denoiser = (noisy: Tensor, sigma: number, labels?: Tensor1D) => Tensor;

/**
 * Classifier-free guidance (Ho and Salimans 2022, arXiv 2207.12598, equation 6): (1 + w) D(x, y) - w D(x, no label).
 * Twice the calls of the denoiser; with weight 0 the denoiser itself.
 *
 * @param options `weight` w >= 0; `nullLabel`: the label that stands for none, the one that `dropLabels` put there in training.
 * @throws OptionError when the weight is negative.
 */
export function guided(denoiser: Denoiser, { weight, nullLabel }: { weight: number; nullLabel: number }): Denoiser {
  check('notNegative', 'guided', { weight });
  if (weight === 0) return denoiser;
  return (noisy, sigma, labels) =>
    tf.tidy(() => {
      const none = tf.fill([noisy.shape[0]!], nullLabel, 'int32') as Tensor1D;
      const without = denoiser(noisy, sigma, none).mul(weight);
      return denoiser(noisy, sigma, labels)
        .mul(1 + weight)
        .sub(without);
    });
}
