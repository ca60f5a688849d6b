import { count, decay, notNegative, oneOf, positive, share } from '../../core/options.js';
import type { ParameterValues } from '../../core/options.js';
import { OptionError } from '../../core/errors.js';
import type { ImageShape } from '../../core/images.js';
import { unetSizes, type UnetSize } from '../../nn/unet/sizes.js';

type SizeName = keyof typeof unetSizes;
const sizes: readonly ('by-image-side' | `${SizeName}`)[] = [
  'by-image-side',
  ...(Object.keys(unetSizes) as `${SizeName}`[]),
];

/**
 * What all pixel diffusion methods have in common. The paper scale is DPImageBench's for MNIST and F-MNIST: 150 passes over
 * 60,000 records in batches of 4,096. The laptop scale is ours: 480 steps of 512 are far too few for the paper's network, so that
 * it has pictures for labels (`labelMap`), trains on higher noise levels, and is sampled with guidance.
 */
export const diffusionParameters = {
  network: oneOf(
    sizes,
    { smoke: 'smoke', laptop: 'laptop', paper: 'by-image-side' },
    'size of the U-Net; by-image-side: the one of DPImageBench for images of 28, 32, 64 or 128 pixels',
  ),
  batchSize: count({ smoke: 32, laptop: 512, paper: 4096 }, 'expected records in a Poisson batch'),
  steps: count({ smoke: 4, laptop: 480, paper: 2250 }, 'private training steps, one batch each'),
  copies: count({ smoke: 2, laptop: 1, paper: 32 }, 'noise multiplicity: noisy copies of each record'),
  clipNorm: positive({ smoke: 1, laptop: 1, paper: 1e-3 }, 'bound on the norm of a record’s gradient'),
  learningRate: positive({ smoke: 2e-3, laptop: 6e-3, paper: 3e-4 }, 'learning rate of Adam'),
  warmUpSteps: notNegative({ smoke: 0, laptop: 20, paper: 0 }, 'steps over which the learning rate rises to its value'),
  decayedPart: share({ smoke: 0, laptop: 0.5, paper: 0 }, 'last part of the steps, over which the rate falls to 0'),
  emaRate: decay({ smoke: 0.9, laptop: 0.98, paper: 0.999 }, 'largest decay of the average that is sampled from'),
  medianNoise: positive(
    { smoke: 0.8, laptop: 0.8, paper: Math.exp(-1.2) },
    'median noise level of training, in units of images in [-1, 1]',
  ),
  dropLabel: share(0.1, 'probability that a record is trained on without its label'),
  precision: oneOf(['float32', 'bfloat16'], 'float32', 'of convolutions and products; sums and norms are float32'),
  microBatch: count({ smoke: 16, laptop: 128, paper: 16 }, 'records worked on at a time: memory only'),
  sampler: oneOf(['heun', 'ddim'], 'heun', 'how images are drawn'),
  samplerSteps: count({ smoke: 3, laptop: 14, paper: 1000 }, 'noise levels that the sampler walks down'),
  samplerBatch: count({ smoke: 50, laptop: 500, paper: 1000 }, 'images drawn at a time: memory only'),
  snapshotSteps: count({ smoke: 2, laptop: 10, paper: 50 }, 'noise levels of DDIM when a training is looked at'),
  churn: notNegative({ smoke: 0, laptop: 0, paper: 10 }, 'fresh noise while sampling with Heun, S_churn'),
  churnFrom: positive(0.025, 'lowest noise level that gets fresh noise, S_min; the highest is 50'),
  guidance: notNegative({ smoke: 0, laptop: 1, paper: 0 }, 'weight of classifier-free guidance when images are drawn'),
} as const;

export type DiffusionParameters = ParameterValues<typeof diffusionParameters>;

/** The size of the network for images of a shape. */
export function networkSize({ network }: Pick<DiffusionParameters, 'network'>, { height }: ImageShape): UnetSize {
  if (network !== 'by-image-side') return unetSizes[network];
  const side = String(height);
  if (side in unetSizes) return unetSizes[side as keyof typeof unetSizes];
  throw new OptionError({
    asked: 'network by-image-side',
    wrong: 'DPImageBench has no network for images of this side',
    got: height,
    expected: '28, 32, 64 or 128 pixels',
    next: 'Name a size: params: { network: "laptop" }.',
  });
}
