import { OptionError } from '../core/errors.js';
import type { ExactCoins } from './exact-coins.js';

/** A fraction of whole numbers, both above 0. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * A whole number x with probability proportional to exp(-|x| / scale), exactly. Canonne, Kamath, Steinke 2020,
 * arXiv 2004.00010, Algorithm 2. Added to a count that one record changes by 1, it costs pure epsilon 1 / scale.
 *
 * @example discreteLaplace(fractionOf(0.5), new ExactCoins(new SecureStream()))   // -1n, 0n, 2n, …
 */
export function discreteLaplace({ numerator, denominator }: Fraction, coins: ExactCoins): bigint {
  refuseUnlessPositive('discrete Laplace noise', 'scale', { numerator, denominator });
  for (;;) {
    const remainder = coins.below(numerator);
    if (!coins.bernoulliExp(remainder, numerator)) continue;
    let wholes = 0n;
    while (coins.bernoulliExp(1n, 1n)) wholes++;
    const size = (remainder + numerator * wholes) / denominator;
    const negative = coins.bit() === 1;
    if (negative && size === 0n) continue;
    return negative ? -size : size;
  }
}

/**
 * A whole number x with probability proportional to exp(-x^2 / (2 variance)), exactly. Canonne, Kamath, Steinke 2020,
 * arXiv 2004.00010, Algorithm 3: discrete Laplace noise, thinned.
 */
export function discreteGaussian({ numerator, denominator }: Fraction, coins: ExactCoins): bigint {
  refuseUnlessPositive('discrete Gaussian noise', 'variance', { numerator, denominator });
  const scale = squareRoot(numerator / denominator) + 1n;
  const shift = denominator * scale;
  for (;;) {
    const drawn = discreteLaplace({ numerator: scale, denominator: 1n }, coins);
    const distance = (drawn < 0n ? -drawn : drawn) * shift - numerator;
    if (coins.bernoulliExp(distance * distance, 2n * numerator * shift * scale)) return drawn;
  }
}

/** A positive double as the fraction that it is. */
export function fractionOf(value: number): Fraction {
  if (!(value > 0) || !Number.isFinite(value))
    throw new OptionError({ asked: 'exact noise', wrong: 'out of range', got: value, expected: 'a number above 0' });
  let denominator = 1n;
  let scaled = value;
  while (!Number.isInteger(scaled)) {
    scaled *= 2; // exact: only the exponent changes
    denominator *= 2n;
  }
  return { numerator: BigInt(scaled), denominator };
}

/** The largest whole number whose square is at most `value`. */
function squareRoot(value: bigint): bigint {
  let root = BigInt(Math.floor(Math.sqrt(Number(value))));
  while (root * root > value) root--;
  while ((root + 1n) * (root + 1n) <= value) root++;
  return root;
}

function refuseUnlessPositive(asked: string, name: string, { numerator, denominator }: Fraction): void {
  if (numerator > 0n && denominator > 0n) return;
  const got = `${numerator}/${denominator}`;
  throw new OptionError({ asked, wrong: `${name} is out of range`, got, expected: 'a fraction above 0' });
}
