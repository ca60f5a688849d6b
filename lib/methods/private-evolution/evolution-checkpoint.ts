import { restoreVariables, named } from '../../nn/training-state.js';
import { tf, type Tensor } from '../../tensor/index.js';
import type { Checkpoint } from '../contract.js';
import type { GeneratedImages, ImageGenerator } from './image-generator.js';

const stage = 'evolution';

/** The images after an iteration, and what the generator has learned before the first. */
export class EvolutionCheckpoint {
  constructor(
    readonly checkpoint: Checkpoint,
    readonly generator: ImageGenerator,
  ) {}

  /** Takes up what an earlier process of the run saved: the images that the iteration after `iteration` begins with. */
  async resume(): Promise<{ readonly iteration: number; readonly population: GeneratedImages } | undefined> {
    const saved = await this.checkpoint.load();
    if (!saved) return undefined;
    const { stage: savedStage, iteration } = saved.values as { stage: string; iteration: number };
    try {
      if (savedStage !== stage) return undefined; // the generator's training
      restoreVariables('the image generator', this.#learned(), saved.tensors);
      const { images, memory } = saved.tensors as Record<'images' | 'memory', Tensor>;
      const [count, height, width, channels] = images.shape as [number, number, number, number];
      const data = Uint8Array.from(await images.data());
      const population = { images: { data, count, height, width, channels } };
      return { iteration, population: { ...population, memory: Float32Array.from(await memory.data()) } };
    } finally {
      tf.dispose(saved.tensors as Record<string, Tensor>);
    }
  }

  /** Call it after every iteration; it writes now and then. */
  async save(iteration: number, { images, memory }: GeneratedImages): Promise<void> {
    const made: Tensor[] = [];
    const tensors = () => {
      const { data, count, height, width, channels } = images;
      made.push(tf.tensor4d(data, [count, height, width, channels], 'int32'), tf.tensor1d(memory));
      return { images: made[0]!, memory: made[1]!, ...this.#learned() };
    };
    await this.checkpoint
      .save(() => ({ tensors: tensors(), values: { stage, iteration } }))
      .finally(() => tf.dispose(made));
  }

  #learned() {
    return named('generator', this.generator.parameters ?? {});
  }
}
