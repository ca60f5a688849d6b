import { autoencoder } from '../../../../lib/nn/autoencoder/autoencoder.js';
import type { LatentNetworks } from '../../../../lib/nn/latent-diffusion/noise-losses.js';
import { latentUnet } from '../../../../lib/nn/latent-unet/latent-unet.js';
import { tf, type Variable } from '../../../../lib/tensor/index.js';
import { namedWaves } from '../autoencoder/named-waves.js';

/** Networks for images of 12 x 8 x 2, whose latents are 6 x 4 x 3, of every kind of layer. */
export function smallNetworks(rank = 0): LatentNetworks {
  const shape = { height: 12, width: 8, channels: 2 };
  const sizes = { features: 8, blocks: 1, groupWidth: 4 };
  const first = autoencoder({ shape, ...sizes, multipliers: [1, 2], attention: [6] });
  const attention = { contextSize: 5, headWidth: 4, tunedFrom: 2, rank };
  const unet = latentUnet({ shape: first.latentShape, classes: 3, ...sizes, multipliers: [1, 2], ...attention });
  return { autoencoder: first, unet };
}

/** Weights without a pattern: before training most gradients are 0. */
export function trainedWeights({ autoencoder, unet }: LatentNetworks): Record<string, Variable> {
  const weights = namedWaves([...autoencoder.layers, ...unet.layers]);
  // Smaller, so that gradients of all records are of the same order.
  tf.tidy(() => Object.values(weights).forEach((variable) => variable.assign(variable.mul(0.5))));
  return weights;
}
