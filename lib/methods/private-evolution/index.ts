import { diffusion } from './diffusion.js';
import type { ImageGeneratorDefinition } from './image-generator.js';
import { imagePool } from './image-pool.js';
import { strokes } from './strokes.js';

/** Every image generator that comes with dpbench: one line a file. */
export const imageGeneratorDefinitions = [
  strokes,
  imagePool,
  diffusion,
] as const satisfies readonly ImageGeneratorDefinition[];

/** Name of an image generator: one of these, or of one that was defined. */
export type ImageGeneratorName = (typeof imageGeneratorDefinitions)[number]['id'] | (string & {});
