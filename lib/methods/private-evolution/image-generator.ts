import type { Images, ImageShape } from '../../core/images.js';
import type { Named } from '../../core/registry.js';
import type { SeededStream } from '../../core/rng.js';
import type { PublicDataset } from '../../data/contract.js';
import type { NetworkParameters } from '../../nn/parameters.js';
import type { PretrainedStore } from '../contract.js';
import type { DiffusionGeneratorParameters } from './parameters.js';

/**
 * Images that a generator made, with what it remembers of each: the class that it drew it for, the curve that it painted.
 * The memory travels with its image and is handed back by `vary`; nobody else reads it.
 */
export interface GeneratedImages {
  readonly images: Images;
  /** `[count, numbers]`, row by row; the same number of numbers for each image, none for a generator that remembers nothing. */
  readonly memory: Float32Array;
}

/**
 * What private evolution asks of a generator: its two questions. It has never seen private images, and neither question holds any.
 * The same stream gives the same images.
 */
export interface ImageGenerator {
  /** Images of the shape that it was opened for, as different as it can make them. */
  random(count: number, stream: SeededStream): Promise<GeneratedImages>;
  /**
   * One variation of each image, in their order.
   *
   * @param degree how different, from 0 (hardly) to 1 (nearly a new image); what lies between is the generator's affair, but a
   * higher degree never means less.
   */
  vary(samples: GeneratedImages, degree: number, stream: SeededStream): Promise<GeneratedImages>;
  /** What it has learned, when it is trained here: a checkpoint keeps it. */
  readonly parameters?: NetworkParameters;
}

/** What a generator gets to open itself with; nothing of it is private. */
export interface GeneratorContext {
  readonly shape: ImageShape;
  /** There when `publicData` is `required`. */
  readonly publicDataset?: PublicDataset;
  readonly params: DiffusionGeneratorParameters;
  readonly stream: SeededStream;
  /** Keeps what is trained on the public dataset for other runs. */
  readonly pretrained: PretrainedStore;
  readonly signal?: AbortSignal;
  /** Gives back what it gets, which is disposed when the run is over. */
  readonly own: <T extends { dispose(): void }>(disposable: T) => T;
}

/**
 * A member of the registry `dp.imageGenerators`: one file.
 *
 * @example
 * dp.imageGenerators.define({
 *   id: 'mine',
 *   title: 'Grey squares',
 *   async open({ shape }) {
 *     const draw = (shades: Float32Array) => ({ images: greySquares(shades, shape), memory: shades });
 *     const random = async (count, stream) => draw(Float32Array.from({ length: count }, () => stream.uniform()));
 *     const vary = async ({ memory }, degree, stream) => draw(memory.map((shade) => shade + degree * stream.normal()));
 *     return { random, vary };
 *   },
 * });
 * await dp.run({ method: 'pe', dataset: 'mnist-10k', epsilon: 10, params: { imageGenerator: 'mine' } });
 */
export interface ImageGeneratorDefinition<Id extends string = string> extends Named {
  readonly id: Id;
  /** What it is, in one line. */
  readonly title: string;
  /** Whether it needs the run's public dataset; `none` when left out: one that is given is then refused. */
  readonly publicData?: 'required' | 'none';
  /** Whether it can make images of this shape; all shapes when left out. */
  readonly accepts?: (shape: ImageShape) => boolean;
  open(context: GeneratorContext): Promise<ImageGenerator>;
}
