import type { SeededStream } from '../../core/rng.js';

/** Counts `[classes, bins]` and the standard deviation of the noise in each. */
export interface NoisyVotes {
  readonly counts: ArrayLike<number>;
  readonly deviation: number;
}

/**
 * How often each image of a class should come again: by its votes above the threshold, which is given in standard deviations of
 * the noise. A class none of whose images is above it has nothing to select by: all its images count alike.
 *
 * @returns weights `[classes, bins]` that add up to 1 in each class, and the classes where nothing was above the threshold.
 * @example selectionWeights({ counts: [2, 2, 1], deviation: 1 }, { bins: 3, threshold: 1 })   // weights [0.5, 0.5, 0]
 */
export function selectionWeights(
  { counts, deviation }: NoisyVotes,
  { bins, threshold }: { readonly bins: number; readonly threshold: number },
): { readonly weights: Float64Array; readonly unselected: readonly number[] } {
  const weights = Float64Array.from(counts, (count) => Math.max(0, count - threshold * deviation));
  const unselected: number[] = [];
  for (let start = 0; start < weights.length; start += bins) {
    const own = weights.subarray(start, start + bins);
    const total = own.reduce((sum, weight) => sum + weight, 0);
    if (total === 0) unselected.push(start / bins);
    own.forEach((weight, bin) => (own[bin] = total === 0 ? 1 / bins : weight / total));
  }
  return { weights, unselected };
}

/**
 * Draws `count` places with replacement by weights that add up to 1, spread evenly (systematic resampling: one random number for
 * all; Kitagawa 1996): a place of weight w comes floor(w count) or ceil(w count) times, w count on average.
 */
export function drawByWeight(weights: ArrayLike<number>, count: number, stream: SeededStream): Uint32Array {
  const drawn = new Uint32Array(count);
  const offset = stream.uniform();
  const last = Array.from(weights).findLastIndex((weight) => weight > 0); // sums of rounded weights may end below 1
  let place = 0;
  let sum = weights[0]!;
  for (let i = 0; i < count; i++) {
    const at = (i + offset) / count;
    while (sum <= at && place < last) sum += weights[++place]!;
    drawn[i] = place;
  }
  return drawn;
}
