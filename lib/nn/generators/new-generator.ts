import type { ImageShape } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import { bigGanGenerator } from './big-gan-generator.js';
import type { ConditionalGenerator } from './generator.js';
import { pixelNormGenerator } from './pixel-norm-generator.js';
import { SmallGenerator } from './small-generator.js';

/**
 * Generators by name: the small one of DP-MERF's authors; BigGAN's in the widths of DPImageBench, `big-gan` being the one that most
 * methods take there for images of a side; that of GS-WGAN.
 */
export const generatorNames = ['small', 'big-gan', 'big-gan-41', 'big-gan-60', 'big-gan-96', 'pixel-norm'] as const;

export type GeneratorName = (typeof generatorNames)[number];

interface GeneratorOptions {
  /** Length of a one-hot label. */
  readonly classes: number;
  readonly shape: ImageShape;
  readonly stream: SeededStream;
  /** Of the small one; the others have their own. */
  readonly latentSize?: number;
}

/** A generator before training. */
export function newGenerator(name: GeneratorName, options: GeneratorOptions): ConditionalGenerator {
  switch (name) {
    case 'small':
      return new SmallGenerator({ latentSize: 5, ...options });
    case 'big-gan':
      return bigGanGenerator({ width: options.shape.height === 28 ? 41 : 60, ...options });
    case 'big-gan-41':
      return bigGanGenerator({ width: 41, ...options });
    case 'big-gan-60':
      return bigGanGenerator({ width: 60, ...options });
    case 'big-gan-96':
      return bigGanGenerator({ width: 96, ...options });
    case 'pixel-norm':
      return pixelNormGenerator(options);
  }
}
