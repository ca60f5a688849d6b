import {
  count,
  countUpTo,
  decay,
  notNegative,
  oneOf,
  positive,
  share,
  type ParameterValues,
} from '../../core/options.js';
import { OptionError } from '../../core/errors.js';
import type { ImageShape } from '../../core/images.js';
import { autoencoderSizes, type AutoencoderSize } from '../../nn/autoencoder/sizes.js';
import { scheduleSteps } from '../../nn/latent-diffusion/noise-schedule.js';
import { latentUnetSizes, type LatentUnetSize } from '../../nn/latent-unet/sizes.js';
import { publicParameters } from '../pretraining/public-parameters.js';

type SizeName = keyof typeof latentUnetSizes;
const sizes: readonly ('by-image-side' | `${SizeName}`)[] = [
  'by-image-side',
  ...(Object.keys(latentUnetSizes) as `${SizeName}`[]),
];

/** What training on public images takes: first the autoencoder, then the U-Net of its latents. */
const latentPublicParameters = {
  ...publicParameters,
  autoencoderSteps: count({ smoke: 3, laptop: 400, paper: 80072 }, 'training steps of the autoencoder'),
  autoencoderBatchSize: count({ smoke: 8, laptop: 64, paper: 64 }, 'public images in a step of the autoencoder'),
  autoencoderLearningRate: positive({ smoke: 2e-3, laptop: 2e-3, paper: 6.4e-5 }, 'learning rate of the autoencoder'),
  klWeight: notNegative(1e-6, 'weight of the divergence of latents from the normal law, against sums over pixels'),
  publicSteps: count({ smoke: 3, laptop: 500, paper: 200160 }, 'training steps of the U-Net on public latents'),
  publicLearningRate: positive(
    { smoke: 2e-3, laptop: 1e-3, paper: 1.024e-3 },
    'learning rate of AdamW on public latents',
  ),
  publicEmaRate: decay(
    { smoke: 0.9, laptop: 0.99, paper: 0 },
    'largest decay of the average of public training; 0: none',
  ),
} as const;

/**
 * What the latent methods have in common, with DP-LDM's own values; the paper scale is DPImageBench's for MNIST and F-MNIST. The
 * laptop scale is for ten minutes on two cores at 28 x 28, of which the private training is about half: 200 records a second.
 */
export const latentParameters = {
  ...latentPublicParameters,
  network: oneOf(
    sizes,
    { smoke: 'smoke', laptop: 'laptop', paper: 'by-image-side' },
    'size of autoencoder and U-Net; by-image-side: those of DPImageBench for images of 28, 32, 64 or 128 pixels',
  ),
  batchSize: count({ smoke: 32, laptop: 512, paper: 4096 }, 'expected records in a Poisson batch'),
  steps: count({ smoke: 4, laptop: 100, paper: 2250 }, 'private training steps, one batch each'),
  copies: count(1, 'latents, times and noises of each record, over which its loss is averaged'),
  clipNorm: positive({ smoke: 1, laptop: 1, paper: 1e-3 }, 'bound on the norm of a record’s gradient'),
  learningRate: positive({ smoke: 2e-3, laptop: 2e-3, paper: 4.096e-3 }, 'learning rate of AdamW'),
  warmUpSteps: notNegative({ smoke: 0, laptop: 10, paper: 1250 }, 'steps over which the rate rises to its value'),
  weightDecay: notNegative(0.01, 'decoupled weight decay of the U-Net, in both of its trainings'),
  decayedPart: share({ smoke: 0, laptop: 0.5, paper: 0 }, 'last part of the steps, over which the rate falls to 0'),
  emaRate: decay({ smoke: 0.9, laptop: 0.95, paper: 0 }, 'largest decay of the average that is sampled from; 0: none'),
  dropLabel: share({ smoke: 0.1, laptop: 0.1, paper: 0 }, 'probability that a record is trained on without its label'),
  tokens: oneOf(
    ['public', 'new'],
    'public',
    'what private class c begins with: the token of public class c, or a random one',
  ),
  precision: oneOf(['float32', 'bfloat16'], 'float32', 'of convolutions and products; sums and norms are float32'),
  microBatch: count({ smoke: 16, laptop: 64, paper: 32 }, 'records worked on at a time: memory only'),
  samplerSteps: countUpTo(scheduleSteps, { smoke: 3, laptop: 16, paper: 200 }, 'steps of DDIM when images are drawn'),
  eta: share({ smoke: 1, laptop: 0, paper: 1 }, 'fresh noise of DDIM, from 0 (none) to 1'),
  samplerBatch: count({ smoke: 50, laptop: 250, paper: 500 }, 'images drawn at a time: memory only'),
  snapshotSteps: countUpTo(
    scheduleSteps,
    { smoke: 2, laptop: 10, paper: 50 },
    'steps of DDIM when a training is looked at',
  ),
  guidance: notNegative({ smoke: 0, laptop: 1, paper: 0 }, 'weight of classifier-free guidance when images are drawn'),
} as const;

export type LatentPublicParameters = ParameterValues<typeof latentPublicParameters>;
export type LatentParameters = ParameterValues<typeof latentParameters>;

/** The sizes of both networks for images of a shape. */
export function latentSizes(
  { network }: Pick<LatentParameters, 'network'>,
  { height }: ImageShape,
): { autoencoder: AutoencoderSize; unet: LatentUnetSize } {
  const name = network === 'by-image-side' ? String(height) : network;
  if (name in latentUnetSizes) {
    const size = name as keyof typeof latentUnetSizes;
    return { autoencoder: autoencoderSizes[size], unet: latentUnetSizes[size] };
  }
  throw new OptionError({
    asked: 'network by-image-side',
    wrong: 'DPImageBench has no latent networks for images of this side',
    got: height,
    expected: '28, 32, 64 or 128 pixels',
    next: 'Name a size: params: { network: "laptop" }.',
  });
}
