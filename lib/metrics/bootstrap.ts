import type { ScoreInterval } from '../core/results.js';
import type { Diagnostic } from '../core/diagnostic.js';
import type { SeededStream } from '../core/rng.js';
import { measure, type Sensitive } from '../mechanisms/index.js';

/** A score with the interval that holds it with probability 0.95. */
export interface SpreadScore {
  readonly value: number;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
}

export const intervalLevel = 0.95;

/** Row numbers of one bootstrap draw: as many as there are rows, with replacement. */
export function bootstrapRows(count: number, stream: SeededStream): Int32Array {
  return Int32Array.from({ length: count }, () => stream.integer(count));
}

/**
 * The interval of a score from its bootstrap draws: their percentiles, moved so that the mean of the draws lies on the score.
 * Scores of distributions are biased by the number of rows, and a draw holds fewer distinct ones: without the move the interval
 * of an FID lies above it.
 *
 * @example centredInterval(5, [6, 7, 8])   // about 4 … 6
 */
export function centredInterval(value: number, draws: readonly number[]): Required<SpreadScore> {
  const sorted = Float64Array.from(draws).sort();
  const move = value - sorted.reduce((sum, draw) => sum + draw, 0) / sorted.length;
  const tail = (1 - intervalLevel) / 2;
  return { value, lower: quantile(sorted, tail) + move, upper: quantile(sorted, 1 - tail) + move };
}

/** Linear between the sorted values, as NumPy's default. */
export function quantile(sorted: ArrayLike<number>, fraction: number): number {
  const place = fraction * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

/** Draws of the interval of a share. */
export const shareDraws = 200;

/**
 * A share of rows, with the interval from drawing rows anew: of so many rows, each of which counts with that probability.
 *
 * @example spreadShare(30, 100, new SeededStream(0))   // about 0.21 … 0.3 … 0.39
 */
export function spreadShare(count: number, rows: number, stream: SeededStream): SpreadScore {
  const draws = Array.from({ length: shareDraws }, () => {
    let drawn = 0;
    for (let i = 0; i < rows; i++) if (stream.integer(rows) < count) drawn++;
    return drawn / rows;
  });
  const { value, lower, upper } = centredInterval(count / rows, draws);
  return { value, lower: Math.max(0, lower), upper: Math.min(1, upper) };
}

/** The parts of a sealed score as a metric's result shows them. @param over what varies in the interval, in words */
export async function openSpread(
  score: Sensitive<SpreadScore>,
  of: string,
  over?: string,
): Promise<{ readonly value: Diagnostic<number>; readonly interval?: ScoreInterval }> {
  const value = await measure(score, of, ({ value }) => value);
  if (over === undefined) return { value };
  const lower = await measure(score, `${of}, lower end`, ({ value, lower = value }) => lower);
  const upper = await measure(score, `${of}, upper end`, ({ value, upper = value }) => upper);
  return { value, interval: { lower, upper, level: intervalLevel, over } };
}
