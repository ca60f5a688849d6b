import type { UnetOptions } from './plan.js';

export type UnetSize = Omit<UnetOptions, 'shape' | 'classes'>;

/**
 * Sizes of the U-Net: those of DPImageBench by the side of the images, its others by name, one for a
 * laptop, and two of its specification's for tests; those three see images in patches of 2 x 2 pixels, whatever their side.
 */
export const unetSizes = {
  '28': { features: 32, multipliers: [2, 2], attention: [14] },
  '32': { features: 32, multipliers: [2, 4], attention: [16] },
  '64': { features: 32, multipliers: [1, 2, 4], attention: [32, 16] },
  '128': { features: 32, multipliers: [1, 2, 4], attention: [64, 32] },
  '11.1M': { features: 64, multipliers: [1, 2, 3], attention: [16, 8] },
  '19.6M': { features: 64, multipliers: [1, 2, 2, 4], attention: [16, 8, 4] },
  '44.2M': { features: 96, multipliers: [1, 2, 2, 4], attention: [16, 8, 4] },
  '78.5M': { features: 128, multipliers: [1, 2, 2, 4], attention: [16, 8, 4] },
  laptop: { features: 32, multipliers: [1, 2], blocks: 1, attention: [], patch: 2, labelMap: 8, lean: true },
  tiny: { features: 16, multipliers: [1, 2], blocks: 1, attention: ['deepest'], patch: 2 },
  smoke: { features: 8, multipliers: [1, 2], blocks: 1, attention: ['deepest'], patch: 2 },
} satisfies Record<string, UnetSize>;
