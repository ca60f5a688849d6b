import type { Tensor, Tensor1D } from '../../tensor/index.js';
import type { Posterior } from './autoencoder.js';

/** Latents drawn from their laws by standard normal noise of the same shape. */
export function drawLatents({ mean, logVariance }: Posterior, noise: Tensor): Tensor {
  return mean.add(logVariance.div(2).exp().mul(noise));
}

/** `[rows]`: the Kullback-Leibler divergence of an image's latents from the standard normal law, summed over its values. */
export function klDivergence({ mean, logVariance }: Posterior): Tensor1D {
  const each = mean.square().add(logVariance.exp()).sub(1).sub(logVariance).div(2);
  return each.sum([1, 2, 3]);
}
