import type { ImageShape } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import type { ConditionalGenerator } from './generator.js';
import { SmallGenerator } from './small-generator.js';

/** Generators by name. */
export const generatorNames = ['small'] as const;

export type GeneratorName = (typeof generatorNames)[number];

interface GeneratorOptions {
  /** Length of a one-hot label. */
  readonly classes: number;
  readonly shape: ImageShape;
  readonly stream: SeededStream;
}

/** A generator before training. */
export function newGenerator(name: GeneratorName, options: GeneratorOptions): ConditionalGenerator {
  switch (name) {
    case 'small':
      return new SmallGenerator({ latentSize: 5, ...options });
  }
}
