import type { LabeledImages } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';
import { imageTensor, tf, type Tensor, type Tensor4D } from '../../tensor/index.js';
import { bootstrapRows, centredInterval, type SpreadScore } from '../bootstrap.js';

/** One byte a record: 1 where a classifier was right. */
export type Right = Uint8Array;

/** How a classifier did on rows. */
export async function rightOn(
  classes: (images: Tensor4D) => Tensor,
  rows: LabeledImages,
  batchSize = 500,
): Promise<Right> {
  const right = new Uint8Array(rows.count);
  for (let start = 0; start < rows.count; start += batchSize) {
    const end = Math.min(rows.count, start + batchSize);
    const guesses = tf.tidy(() => classes(imageTensor(rows, start, end)));
    const values = await guesses.data();
    guesses.dispose();
    for (let row = start; row < end; row++) right[row] = values[row - start] === rows.labels[row] ? 1 : 0;
  }
  return right;
}

export const countOf = (right: Right): number => right.reduce((sum, one) => sum + one, 0);

const percent = (right: Right): number => (100 * countOf(right)) / right.length;

/** Scores of several classifiers on the same test records, in percent. */
export interface Grades {
  readonly each: readonly number[];
  readonly mean: number;
  /** Over classifiers, divisor their number. */
  readonly deviation: number;
  readonly best: number;
  /** The mean with an interval over test records. */
  readonly spreadMean: SpreadScore;
  readonly spreadBest: SpreadScore;
}

const draws = 200;

/** The scores of all classifiers together, with bootstrap intervals over the test records. */
export function grades(classifiers: readonly Right[], stream: SeededStream): Grades {
  const each = classifiers.map(percent);
  const mean = average(each);
  const best = Math.max(...each);
  const drawn = Array.from({ length: draws }, () => {
    const rows = bootstrapRows(classifiers[0]!.length, stream);
    return classifiers.map((right) => (100 * rows.reduce((sum, row) => sum + right[row]!, 0)) / rows.length);
  });
  return {
    each,
    mean,
    deviation: Math.sqrt(average(each.map((value) => (value - mean) ** 2))),
    best,
    spreadMean: centredInterval(mean, drawn.map(average)),
    spreadBest: centredInterval(
      best,
      drawn.map((values) => Math.max(...values)),
    ),
  };
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
