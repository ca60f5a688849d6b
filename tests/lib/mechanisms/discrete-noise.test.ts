import { describe, expect, it } from 'vitest';
import { SecureStream } from '../../../lib/core/rng.js';
import { discreteGaussian, discreteLaplace, fractionOf } from '../../../lib/mechanisms/discrete-noise.js';
import { ExactCoins } from '../../../lib/mechanisms/exact-coins.js';

/** Draws made in each test, from a fixed insecure seed, so that a test passes always or never. */
const draws = 60_000;
/** scipy.stats.chi2.isf(1e-3, n) for n = 1 ... 12: what chance exceeds once in a thousand seeds. */
const critical = [10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32, 26.12, 27.88, 29.59, 31.26, 32.91];

/** Compares whole numbers drawn with unnormalised closed-form weights; tails are cells of their own. */
function chiSquare(draw: () => bigint, weight: (x: number) => number, reach: number): { value: number; limit: number } {
  const cells = 2 * reach + 1;
  const cell = (x: number) => Math.min(reach, Math.max(-reach, x)) + reach;
  const [observed, expected] = [new Array<number>(cells).fill(0), new Array<number>(cells).fill(0)];
  let total = 0;
  for (let x = -400; x <= 400; x++) {
    total += weight(x);
    expected[cell(x)]! += weight(x);
  }
  for (let i = 0; i < draws; i++) observed[cell(Number(draw()))]!++;
  const value = expected.reduce((sum, e, i) => {
    const mean = (draws * e) / total;
    expect(mean).toBeGreaterThan(5); // else the test is no chi-square
    return sum + (observed[i]! - mean) ** 2 / mean;
  }, 0);
  return { value, limit: critical[cells - 2]! };
}

describe('ExactCoins', () => {
  const coins = new ExactCoins(new SecureStream(11));
  /** Share of true within four standard errors. */
  const agrees = (flip: () => boolean, probability: number) => {
    let count = 0;
    for (let i = 0; i < draws; i++) if (flip()) count++;
    expect(Math.abs(count / draws - probability)).toBeLessThanOrEqual(
      4 * Math.sqrt((probability * (1 - probability)) / draws),
    );
  };

  it('fall as often as their fraction says, the ends included', () => {
    for (const [numerator, denominator] of [
      [0n, 3n],
      [1n, 3n],
      [2n, 7n],
      [3n, 3n],
      [5n, 3n],
    ] as const)
      agrees(() => coins.bernoulli(numerator, denominator), Math.min(1, Number(numerator) / Number(denominator)));
    const huge = 3n ** 200n;
    agrees(() => coins.bernoulli(huge / 5n, huge), 0.2);
    agrees(() => coins.bit() === 1, 0.5);
  });

  it('fall as often as the exponential says, below and above an exponent of 1', () => {
    for (const [numerator, denominator] of [
      [0n, 1n],
      [1n, 10n],
      [1n, 1n],
      [7n, 3n],
      [9n, 2n],
    ] as const)
      agrees(() => coins.bernoulliExp(numerator, denominator), Math.exp(-Number(numerator) / Number(denominator)));
  });

  it('give whole numbers below a limit evenly, one of many digits too', () => {
    const { value, limit } = chiSquare(
      () => coins.below(7n) - 3n,
      (x) => (Math.abs(x) <= 3 ? 1 : 0),
      3,
    );
    expect(value).toBeLessThan(limit);
    expect(coins.below(1n)).toBe(0n);
    const large = 10n ** 30n;
    const mean =
      Array.from({ length: 4000 }, () => Number(coins.below(large)) / 1e30).reduce((a, b) => a + b, 0) / 4000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / 4000));
  });
});

describe('discreteLaplace', () => {
  it.each([
    [0.5, 2],
    [1, 4],
    [2.25, 5],
    [3, 6],
  ])('has the closed form at scale %d', (scale, reach) => {
    const coins = new ExactCoins(new SecureStream(scale * 100));
    const { value, limit } = chiSquare(
      () => discreteLaplace(fractionOf(scale), coins),
      (x) => Math.exp(-Math.abs(x) / scale),
      reach,
    );
    expect(value).toBeLessThan(limit);
  });

  it('is told from another scale by the same test', () => {
    const coins = new ExactCoins(new SecureStream(5));
    const { value, limit } = chiSquare(
      () => discreteLaplace(fractionOf(1), coins),
      (x) => Math.exp(-Math.abs(x) / 1.05),
      4,
    );
    expect(value).toBeGreaterThan(limit);
  });
});

describe('discreteGaussian', () => {
  it.each([
    [0.25, 1],
    [1, 3],
    [2.5, 5],
    [4, 6],
  ])('has the closed form at variance %d', (variance, reach) => {
    const coins = new ExactCoins(new SecureStream(variance * 100));
    const { value, limit } = chiSquare(
      () => discreteGaussian(fractionOf(variance), coins),
      (x) => Math.exp(-(x * x) / (2 * variance)),
      reach,
    );
    expect(value).toBeLessThan(limit);
  });

  it('is told from another variance by the same test', () => {
    const coins = new ExactCoins(new SecureStream(5));
    const { value, limit } = chiSquare(
      () => discreteGaussian(fractionOf(1), coins),
      (x) => Math.exp(-(x * x) / (2 * 1.05)),
      3,
    );
    expect(value).toBeGreaterThan(limit);
  });

  it('is the normal distribution on a fine lattice', () => {
    const coins = new ExactCoins(new SecureStream(12));
    const deviation = 2 ** 40;
    const values = Array.from(
      { length: draws },
      () => Number(discreteGaussian(fractionOf(deviation ** 2), coins)) / deviation,
    );
    const moment = (power: number) => values.reduce((sum, v) => sum + v ** power, 0) / draws;
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(draws));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / draws));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / draws));
  });
});

describe('fractionOf', () => {
  it('is the double itself', () => {
    // Python: (0.1).as_integer_ratio()
    expect(fractionOf(0.1)).toEqual({ numerator: 3602879701896397n, denominator: 36028797018963968n });
    expect(fractionOf(3.75)).toEqual({ numerator: 15n, denominator: 4n });
    expect(fractionOf(1e22)).toEqual({ numerator: 10n ** 22n, denominator: 1n });
  });

  it('refuses what is no number above 0', () => {
    for (const value of [0, -1, NaN, Infinity])
      expect(() => fractionOf(value)).toThrow(`exact noise: out of range; got ${value}, expected a number above 0.`);
    const coins = new ExactCoins(new SecureStream(1));
    expect(() => discreteLaplace({ numerator: 0n, denominator: 1n }, coins)).toThrow(
      "discrete Laplace noise: scale is out of range; got '0/1', expected a fraction above 0.",
    );
    expect(() => discreteGaussian({ numerator: 1n, denominator: -1n }, coins)).toThrow(
      "discrete Gaussian noise: variance is out of range; got '1/-1'",
    );
  });
});
