import { check } from '../core/check.js';
import { OptionError } from '../core/errors.js';
import type { LabeledImages } from '../core/images.js';
import type { ProgressTask } from '../core/progress.js';
import type { RandomStream } from '../core/rng.js';
import { imageTensor, oneHotTensor, tf, type Tensor, type Tensor2D, type Tensor4D } from '../tensor/index.js';
import { discreteLaplace, fractionOf } from './discrete-noise.js';
import { ExactCoins } from './exact-coins.js';

/** Which bins a record belongs to. */
export interface BinQuery {
  /**
   * Bins of each record by itself: images `[batch, height, width, channels]` in [0, 1], and labels as one-hot rows
   * `[batch, classes]`, to `[batch]` or `[batch, binsPerRecord]`. The label is a part of the record: bins may depend on it.
   */
  readonly binsOf: (images: Tensor4D, labels: Tensor2D) => Tensor;
  readonly bins: number;
  /** A histogram for each class: counts are `[classes, bins]`, flat. */
  readonly byClass?: boolean;
  /** Records worked on at a time; changes time and memory only. */
  readonly batchSize?: number;
}

/**
 * Counts records in bins. A record counts at most `binsPerRecord` times and once a bin; bins that do not exist (-1, NaN) count
 * nowhere, silently, since an error would tell something about a record.
 */
export async function binCounts(
  rows: LabeledImages,
  classes: number,
  query: BinQuery,
  binsPerRecord: number,
  task?: ProgressTask,
): Promise<Float64Array> {
  const { bins, byClass = false } = query;
  check('count', 'histogram', { bins });
  const counts = new Float64Array(byClass ? classes * bins : bins);
  await forBatches(rows, query.batchSize, task, async (start, end) => {
    const found = await readTidily(() =>
      query.binsOf(imageTensor(rows, start, end), oneHotTensor(rows, classes, start, end)),
    );
    const width = found.length / (end - start);
    if (!Number.isInteger(width))
      throw new OptionError({
        asked: 'histogram',
        wrong: 'binsOf gives another number of bins than of images',
        got: found.length,
        expected: `a multiple of ${end - start}`,
      });
    for (let row = start; row < end; row++) {
      const own = found.subarray((row - start) * width, (row - start + 1) * width);
      const offset = byClass ? rows.labels[row]! * bins : 0;
      for (const bin of new Set(own.slice(0, binsPerRecord)))
        if (Number.isInteger(bin) && bin >= 0 && bin < bins) counts[offset + bin]!++;
    }
  });
  return counts;
}

/** How many records each candidate classifies rightly. */
export async function rightAnswers(
  rows: LabeledImages,
  candidates: readonly ((images: Tensor4D) => Tensor)[],
  task?: ProgressTask,
  batchSize?: number,
): Promise<Float64Array> {
  const right = new Float64Array(candidates.length);
  await forBatches(rows, batchSize, task, async (start, end) => {
    for (const [i, classify] of candidates.entries()) {
      const answers = await readTidily(() => classify(imageTensor(rows, start, end)));
      for (let row = start; row < end; row++) if (answers[row - start] === rows.labels[row]) right[i]!++;
    }
  });
  return right;
}

/** Adds discrete Laplace noise, exactly: pure epsilon for counts that change by at most `l1Sensitivity` in all. */
export function addDiscreteLaplace(
  counts: Float64Array,
  { epsilon, l1Sensitivity }: { epsilon: number; l1Sensitivity: number },
  noise: RandomStream,
): Float64Array {
  const { numerator, denominator } = fractionOf(epsilon);
  const scale = { numerator: denominator * BigInt(l1Sensitivity), denominator: numerator };
  const coins = new ExactCoins(noise);
  return counts.map((count) => count + Number(discreteLaplace(scale, coins)));
}

async function forBatches(
  rows: LabeledImages,
  batchSize = 500,
  task: ProgressTask | undefined,
  work: (start: number, end: number) => Promise<void>,
): Promise<void> {
  check('count', 'counts', { batchSize });
  for (let start = 0; start < rows.count; start += batchSize) {
    const end = Math.min(rows.count, start + batchSize);
    await work(start, end);
    task?.report({ step: end });
    await task?.pause();
  }
}

async function readTidily(compute: () => Tensor) {
  const tensor = tf.tidy(compute);
  const values = await tensor.data();
  tensor.dispose();
  return values;
}
