import type { AutoencoderOptions } from './autoencoder.js';

export type AutoencoderSize = Omit<AutoencoderOptions, 'shape'>;

/** Sizes of the autoencoder: DPImageBench's by the side of the images, two for a laptop and one for tests. */
export const autoencoderSizes = {
  '28': { features: 128, multipliers: [1, 2], attention: [14] },
  '32': { features: 128, multipliers: [1, 2], attention: [16] },
  '64': { features: 192, multipliers: [1, 2], attention: [] },
  '128': { features: 192, multipliers: [1, 2, 2], attention: [32] },
  laptop: { features: 16, multipliers: [1, 2], blocks: 1, attention: [], groupWidth: 4 },
  compact: { features: 16, multipliers: [1, 2, 2], blocks: 1, attention: [], latentChannels: 4, groupWidth: 4 },
  smoke: { features: 4, multipliers: [1, 2], blocks: 1, attention: [], groupWidth: 4 },
} satisfies Record<string, AutoencoderSize>;
