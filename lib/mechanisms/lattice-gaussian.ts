import { check } from '../core/check.js';
import { DpbenchError } from '../core/errors.js';
import type { RandomStream } from '../core/rng.js';
import { discreteGaussian } from './discrete-noise.js';
import { ExactCoins } from './exact-coins.js';

/** How much noise is wanted: its deviation is `noiseMultiplier * l2Sensitivity` for every entry. */
export interface GaussianNoise {
  /** Largest L2 change of the values between neighbours, in their own units. */
  readonly l2Sensitivity: number;
  readonly noiseMultiplier: number;
}

/** The noise is larger than what is charged by this much; it pays for the lattice and for rounding in the sums. */
const margin = 2 ** -14;

/**
 * The Gaussian mechanism on a vector, safe against attacks on floating-point numbers (Mironov 2012; Haney et al. 2022,
 * "Precision-based attacks and interval refining"): the values are put on a lattice, and whole numbers of lattice steps,
 * drawn exactly (Canonne, Kamath, Steinke 2020), are added. Which numbers can come out does not depend on the values.
 *
 * The cost is that of the ideal Gaussian with the stated noise multiplier z:
 * - Spacing h: the largest power of two up to l2Sensitivity / (2^21 sqrt(d)) for d values, so that every lattice point is a
 *   double. Rounding to the lattice moves each of two neighbours by at most h / 2 an entry, so the sensitivity grows by a
 *   factor of at most 1 + 2^-21.
 * - Sums of float32 numbers depend on their order, and neighbours are summed in other batches (Casacuberta et al. 2022): the
 *   sensitivity of `labelSums` was measured up to 1.3e-6 of itself too large (8,000 records, 400 features). There is no
 *   proven bound; the noise is larger than charged by 2^-14 = 6e-5, which covers both.
 * - A discrete Gaussian of deviation s lattice steps is the ideal one rounded to the lattice, up to a factor
 *   exp(d (x^2 + 1) / (24 s^2)) for entries within x deviations; here s >= z 2^21 sqrt(d), so with x = 20 the factor is within
 *   4e-12 / z^2 of 1: far below what any accountant resolves.
 *
 * What is not covered: the time that drawing takes depends on the noise (not on the values).
 *
 * @throws DpbenchError when a value is not finite or too large for its noise: nothing is released.
 */
export function addLatticeGaussian(values: Float64Array, wanted: GaussianNoise, noise: RandomStream): Float64Array {
  const { l2Sensitivity, noiseMultiplier } = wanted;
  check('positive', 'Gaussian mechanism', { l2Sensitivity, noiseMultiplier });
  const spacing = 2 ** Math.floor(Math.log2(l2Sensitivity / (2 ** 21 * Math.sqrt(values.length))));
  const deviation = BigInt(Math.ceil((noiseMultiplier * (1 + margin) * l2Sensitivity) / spacing));
  const variance = { numerator: deviation * deviation, denominator: 1n };
  const coins = new ExactCoins(noise);
  return values.map((value) => {
    const place = Math.round(value / spacing);
    if (!(Math.abs(place) < 2 ** 51))
      throw new DpbenchError({
        asked: 'Gaussian mechanism',
        wrong: 'a value is not finite or too large for its noise, so nothing is released',
        expected: `finite values below ${2 ** 51 * spacing}`, // never the value itself: it is private
      });
    return (place + Number(discreteGaussian(variance, coins))) * spacing;
  });
}
