import { readFile } from 'node:fs/promises';
import { takeImages, type LabeledImages } from '../../core/images.js';
import { ProgressTask } from '../../core/progress.js';
import { publishedFile } from '../../data/published-file.js';
import { RewardModel } from '../../nn/blip/reward-model.js';
import { WordPiece, type Tokens } from '../../nn/blip/word-piece.js';
import { tf } from '../../tensor/index.js';
import { preprocess } from './preprocess.js';
import type { RewardFiles } from './reward-files.js';

/** Tokens of a prompt: shorter ones are filled up, longer ones cut, as ImageReward does it. */
const promptTokens = 35;
/** Faster for an image than smaller batches, and no slower than larger ones. */
const batchSize = 8;

/**
 * The score of each image for the prompt of its label, in the order of the images. The files are found or downloaded; the weights
 * are read anew each time and freed at the end, because they take 1.8 GB.
 */
export async function scoreImages(
  images: LabeledImages,
  prompts: readonly string[],
  files: RewardFiles,
  signal?: AbortSignal,
): Promise<{ readonly scores: Float64Array; readonly checksum: string }> {
  const here = signal ? { signal } : {};
  const wordPiece = new WordPiece(await readFile(await publishedFile({ ...files.vocabulary, ...here }), 'utf8'));
  const tokens = prompts.map((prompt) => wordPiece.encode(prompt, promptTokens));
  const path = await publishedFile({ ...files.weights, ...here });
  signal?.throwIfAborted();
  const model = await RewardModel.load(path, files.sizes);
  const task = new ProgressTask('ImageReward of the synthetic images', images.count, signal);
  const scores = new Float64Array(images.count);
  try {
    const rows = Math.min(batchSize, images.count);
    for (let end = rows; end < images.count + rows; end += rows) {
      await task.pause();
      // The last batch reaches back: one of another size would be another graph, which costs more to make than a few images.
      const start = Math.min(end, images.count) - rows;
      const places = Array.from({ length: rows }, (_, i) => start + i);
      scores.set(await scoreBatch(model, takeImages(images, places), tokens), start);
      task.report({ step: start + rows });
    }
    task.done();
    return { scores, checksum: model.checksum };
  } finally {
    model.dispose();
  }
}

async function scoreBatch(model: RewardModel, batch: LabeledImages, tokens: readonly Tokens[]) {
  const asked = Array.from(batch.labels, (label) => tokens[label]!);
  const scores = tf.tidy(() => {
    const shape: [number, number] = [batch.count, promptTokens];
    const ids = tf.tensor2d(Int32Array.from(asked.flatMap(({ ids }) => [...ids])), shape, 'int32');
    const mask = tf.tensor2d(Float32Array.from(asked.flatMap(({ mask }) => [...mask])), shape);
    return model.scores(preprocess(batch, model.sizes.pixels), ids, mask);
  });
  const values = await scores.data();
  scores.dispose();
  return values;
}
