import type { SeededStream } from '../../core/rng.js';
import type { Right } from '../../nn/classifiers/trained-classifier.js';
import { bootstrapRows, centredInterval, type SpreadScore } from '../bootstrap.js';

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
