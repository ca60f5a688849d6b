import type { LatentUnetOptions } from './plan.js';

export type LatentUnetSize = Omit<LatentUnetOptions, 'shape' | 'classes' | 'rank'>;

/**
 * Sizes of the U-Net of latents: DPImageBench's by the side of the images, two for a laptop, of which the compact one is for latents
 * with a quarter of the images' sides, and one for tests. `tunedFrom` says which transformers DP-LDM trains there.
 */
export const latentUnetSizes = {
  '28': { features: 64, multipliers: [1, 2] },
  '32': { features: 32, multipliers: [1, 2, 2], tunedFrom: 9 },
  '64': { features: 32, multipliers: [1, 2, 2], tunedFrom: 9 },
  '128': { features: 32, multipliers: [1, 2], tunedFrom: 9 },
  laptop: { features: 32, multipliers: [1], blocks: 1, contextSize: 64, groupWidth: 4 },
  compact: { features: 32, multipliers: [1], blocks: 1, contextSize: 64, groupWidth: 4 },
  smoke: { features: 8, multipliers: [1], blocks: 1, contextSize: 8, groupWidth: 4 },
} satisfies Record<string, LatentUnetSize>;
