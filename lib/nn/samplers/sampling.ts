import { ProgressTask } from '../../core/progress.js';
import type { SeededStream } from '../../core/rng.js';
import { tf, type Tensor, type Tensor1D } from '../../tensor/index.js';
import { noiseGrid, type NoiseGrid } from './noise-grid.js';

/** What all samplers take. */
export interface SamplerOptions extends NoiseGrid {
  /** Int32 `[rows]`, handed to the denoiser. */
  readonly labels?: Tensor1D;
  readonly signal?: AbortSignal;
  /** The work that this is a part of: its next steps are the noise levels. Left out, it is a task of its own. */
  readonly part?: { readonly task: ProgressTask; readonly from: number };
}

/** Standard normal numbers, repeated by the seed of the stream; the tensor belongs to the caller. */
export function standardNormal(shape: readonly number[], stream: SeededStream): Tensor {
  const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
  stream.fillNormal(values);
  return tf.tensor(values, [...shape]);
}

/**
 * Walks down the noise levels: `advance` gets the images at level `i` and gives those after it. Each step is tidied, reported
 * and can be aborted; an abort leaves no tensor behind.
 *
 * @param start standard normal numbers `[rows, …]`, scaled to the first level here; stays the caller's.
 */
export async function walkDown(
  start: Tensor,
  options: SamplerOptions,
  advance: (images: Tensor, levels: Float64Array, i: number) => Tensor,
): Promise<Tensor> {
  const levels = noiseGrid(options);
  const { task, from } = options.part ?? { task: new ProgressTask('sampling', levels.length, options.signal), from: 0 };
  let images: Tensor = start.mul(levels[0]!);
  try {
    for (let i = 0; i < levels.length; i++) {
      await task.pause();
      const next = tf.tidy(() => advance(images, levels, i));
      if (next !== images) images.dispose();
      images = next;
      task.report({ step: from + i + 1 });
    }
  } catch (error) {
    images.dispose();
    throw error;
  }
  if (!options.part) task.done();
  return images;
}
