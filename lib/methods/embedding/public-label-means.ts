import { ProgressTask } from '../../core/progress.js';
import type { PublicDataset } from '../../data/contract.js';
import { labelSums, type LabelSumQuery } from '../../mechanisms/label-sums.js';
import { tf, type Tensor2D } from '../../tensor/index.js';

/**
 * The mean over public images of `features(x) e_y^T`, `[dimension, classes]`, with no noise: the target of public training.
 *
 * @param classes columns; at least those of the dataset, whose labels come first.
 */
export async function publicLabelMeans(
  { name, images }: PublicDataset,
  query: LabelSumQuery,
  { classes, signal }: { readonly classes: number; readonly signal?: AbortSignal | undefined },
): Promise<Tensor2D> {
  const task = new ProgressTask(`label-wise mean embedding of ${name}`, images.count, signal);
  const sums = await labelSums(images, classes, query, task);
  task.done();
  return tf.tidy(() => tf.tensor2d(Float32Array.from(sums), [query.dimension, classes]).div(images.count));
}
