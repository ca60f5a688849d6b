import { Registry } from '../../core/registry.js';
import type { ImageGeneratorDefinition } from './image-generator.js';
import { imageGeneratorDefinitions, type ImageGeneratorName } from './index.js';

const registry = new Registry<ImageGeneratorDefinition>('image generator', imageGeneratorDefinitions);

/** The image generators of private evolution by name: `dp.imageGenerators`. */
export const imageGenerators = {
  names: (): string[] => registry.names(),
  get: (name: ImageGeneratorName): ImageGeneratorDefinition => registry.get(name),
  all: (): ImageGeneratorDefinition[] => registry.all(),
  /** Adds a generator of your own: `dp.run({ method: 'pe', params: { imageGenerator } })` then knows it. */
  define: (generator: ImageGeneratorDefinition): ImageGeneratorDefinition =>
    registry.define(generator, { replace: true }),
};
