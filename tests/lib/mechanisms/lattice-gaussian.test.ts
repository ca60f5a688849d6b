import { describe, expect, it } from 'vitest';
import { SecureStream, type RandomStream } from '../../../lib/core/rng.js';
import { addLatticeGaussian } from '../../../lib/mechanisms/lattice-gaussian.js';

/** Four standard errors: wrong once in about 15,000 seeds. */
const fourStandardErrors = 4;
const noise = () => new SecureStream(21);

describe('addLatticeGaussian', () => {
  it('adds noise of the stated deviation to every entry by itself', () => {
    const count = 40_000;
    const noisy = addLatticeGaussian(
      new Float64Array(count).fill(7),
      { l2Sensitivity: 1.5, noiseMultiplier: 2 },
      noise(),
    );
    const off = noisy.map((v) => v - 7);
    const mean = off.reduce((sum, v) => sum + v, 0) / count;
    const variance = off.reduce((sum, v) => sum + v * v, 0) / count;
    const fourth = off.reduce((sum, v) => sum + (v / 3) ** 4, 0) / count;
    const neighbours = off.reduce((sum, v, i) => sum + v * (off[i + 1] ?? 0), 0) / count;
    expect(Math.abs(mean)).toBeLessThan((fourStandardErrors * 3) / Math.sqrt(count));
    expect(Math.abs(variance - 9)).toBeLessThan(fourStandardErrors * 9 * Math.sqrt(2 / count));
    expect(Math.abs(fourth - 3)).toBeLessThan(fourStandardErrors * Math.sqrt(96 / count));
    expect(Math.abs(neighbours)).toBeLessThan((fourStandardErrors * 9) / Math.sqrt(count));
  });

  it('gives whole multiples of a spacing that is known before the values', () => {
    // d = 4: 2^21 * sqrt 4 steps in the sensitivity.
    const spacing = 1 / 2 ** 22;
    for (const values of [
      [0, 0, 0, 0],
      [Math.PI, -1 / 3, 1e-9, 5e5],
    ]) {
      const noisy = addLatticeGaussian(Float64Array.from(values), { l2Sensitivity: 1, noiseMultiplier: 1 }, noise());
      expect([...noisy].every((value) => Number.isInteger(value / spacing))).toBe(true);
    }
  });

  it('puts neighbours at most a millionth of the sensitivity farther apart', () => {
    // The same noise twice: what is left is the difference of the two roundings.
    const stream = new SecureStream(5);
    const one = Float64Array.from({ length: 1000 }, () => 100 * stream.normal());
    const step = Float64Array.from({ length: 1000 }, () => stream.normal());
    const norm = Math.hypot(...step);
    const other = one.map((value, i) => value + step[i]! / norm);
    const wanted = { l2Sensitivity: 1, noiseMultiplier: 3 };
    const [a, b] = [addLatticeGaussian(one, wanted, noise()), addLatticeGaussian(other, wanted, noise())];
    const distance = Math.hypot(...a.map((value, i) => value - b[i]!));
    expect(distance).toBeLessThanOrEqual(1 + 2 ** -20);
    expect(distance).toBeGreaterThan(1 - 2 ** -20);
  });

  it('releases nothing without noise, and does not name a private value', () => {
    for (const [l2Sensitivity, noiseMultiplier] of [
      [1, 0],
      [1, NaN],
      [0, 1],
      [1, Infinity],
    ] as const)
      expect(() => addLatticeGaussian(Float64Array.of(1), { l2Sensitivity, noiseMultiplier }, noise())).toThrow(
        /^Gaussian mechanism: (l2Sensitivity|noiseMultiplier) is out of range; got (0|NaN|Infinity), expected a number above 0\.$/,
      );
    for (const value of [NaN, Infinity, 4.25e300])
      expect(() =>
        addLatticeGaussian(Float64Array.of(value), { l2Sensitivity: 1, noiseMultiplier: 1 }, noise()),
      ).toThrow(
        'Gaussian mechanism: a value is not finite or too large for its noise, so nothing is released; expected finite values below 1073741824.',
      );
  });

  it('passes on a failing source of randomness', () => {
    for (const uniform of [() => NaN, () => 1, () => -0.5]) {
      const broken: RandomStream = { uniform, normal: () => 0, integer: () => 0, fillNormal: () => undefined };
      expect(() => addLatticeGaussian(Float64Array.of(1), { l2Sensitivity: 1, noiseMultiplier: 1 }, broken)).toThrow(
        'exact noise: the source of randomness failed, so nothing is released; got',
      );
    }
  });
});
