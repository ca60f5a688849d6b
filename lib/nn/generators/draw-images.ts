import type { Images } from '../../core/images.js';
import { ProgressTask } from '../../core/progress.js';
import type { SeededStream } from '../../core/rng.js';
import { imageBytes, tf, type Tensor2D } from '../../tensor/index.js';
import type { ConditionalGenerator } from './generator.js';

/** Images at a time: for memory only. Statistics are those of one such batch. */
const together = 500;

/** Labels 0, 1, …, 0, 1, …: each class equally often, over batches too that begin where the last one ended (`from`). */
export function labelsInTurn(count: number, classes: number, from = 0): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (from + i) % classes);
}

/** Inputs of a generator: latents `[count, latentSize]` and the labels as one-hot rows `[count, classes]`. */
export function drawInput(
  generator: ConditionalGenerator,
  labels: ArrayLike<number>,
  stream: SeededStream,
): { latents: Tensor2D; labels: Tensor2D } {
  const { classes } = generator.options;
  const count = labels.length;
  const oneHot = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) oneHot[i * classes + labels[i]!] = 1;
  return { latents: generator.drawLatents(count, stream), labels: tf.tensor2d(oneHot, [count, classes]) };
}

/** Sets the statistics that `generate` uses: those of a batch with each of the first `classes` classes equally often. */
export function fixStatistics(generator: ConditionalGenerator, classes: number, stream: SeededStream): void {
  tf.tidy(() => {
    const { latents, labels } = drawInput(generator, labelsInTurn(together, classes), stream);
    generator.fixStatistics(latents, labels);
  });
}

/**
 * One image for each label, from a generator as it is now.
 *
 * @param classes of the private data; the generator may know more from public ones.
 */
export async function drawImages(
  generator: ConditionalGenerator,
  labels: Uint8Array,
  stream: SeededStream,
  { classes, signal }: { readonly classes: number; readonly signal?: AbortSignal },
): Promise<Images> {
  const { shape } = generator.options;
  const size = shape.height * shape.width * shape.channels;
  const data = new Uint8Array(labels.length * size);
  fixStatistics(generator, classes, stream.fork('statistics'));
  const task = new ProgressTask('sampling images', labels.length, signal);
  for (let start = 0; start < labels.length; start += together) {
    const part = labels.subarray(start, start + together);
    const batch = tf.tidy(() => {
      const { latents, labels: oneHot } = drawInput(generator, part, stream);
      return generator.generate(latents, oneHot);
    });
    data.set((await imageBytes(batch)).data, start * size);
    batch.dispose();
    task.report({ step: start + part.length });
    await task.pause();
  }
  task.done();
  return { ...shape, data, count: labels.length };
}
