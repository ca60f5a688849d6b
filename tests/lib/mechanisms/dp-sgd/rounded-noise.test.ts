import { describe, expect, it } from 'vitest';
import { SecureStream, SeededStream } from '../../../../lib/core/rng.js';
import { addRoundedGaussian } from '../../../../lib/mechanisms/dp-sgd/rounded-noise.js';
import { logNormalCdf } from '../../../../lib/privacy/log-erfc.js';

const size = 200_000;

/** The spacing that is promised: the largest power of two up to l2Sensitivity / (2^16 sqrt(d)). */
const spacingOf = (l2Sensitivity: number, count: number) =>
  2 ** Math.floor(Math.log2(l2Sensitivity / (2 ** 16 * Math.sqrt(count))));

const add = (values: Float32Array, l2Sensitivity: number, noiseMultiplier: number, seed = 3) =>
  addRoundedGaussian(values, { l2Sensitivity, noiseMultiplier }, new SecureStream(seed));

describe('addRoundedGaussian', () => {
  it.each([
    [1, 1],
    [0.01, 5],
    [1000, 0.3],
  ])('adds normal noise, at sensitivity %d and noise multiplier %d', (l2Sensitivity, noiseMultiplier) => {
    const values = new Float32Array(size);
    new SeededStream(1).fillNormal(values, 10 * l2Sensitivity);
    const noise = add(values, l2Sensitivity, noiseMultiplier).map(
      (value, i) => (value - values[i]!) / (l2Sensitivity * noiseMultiplier),
    );
    // Kolmogorov and Smirnov: sqrt(n) D exceeds 1.95 once in a thousand seeds.
    const sorted = noise.slice().sort();
    const apart = sorted.map((x, i) => Math.abs(Math.exp(logNormalCdf(x)) - (i + 0.5) / size));
    expect(Math.sqrt(size) * apart.reduce((a, b) => Math.max(a, b))).toBeLessThan(1.95);
    const moment = (power: number) => noise.reduce((sum, x) => sum + x ** power, 0) / size;
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(size));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / size));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / size));
  });

  it('gives points of the lattice only, whatever the digits of the values', () => {
    for (const l2Sensitivity of [1, 0.7, 3e-5]) {
      const values = new Float32Array(1000);
      new SeededStream(2).fillNormal(values, l2Sensitivity);
      const spacing = spacingOf(l2Sensitivity, 1000);
      const places = add(values, l2Sensitivity, 1).map((value) => value / spacing);
      expect(places.every(Number.isInteger)).toBe(true);
      expect(new Set(places.map((place) => Math.abs(place) % 2)).size).toBe(2); // it is no coarser lattice
    }
  });

  it('rounds values and noise apart: the same noise comes with every value', () => {
    const spacing = spacingOf(1, 4);
    const [zeros, values] = [new Float32Array(4), Float32Array.of(0.1, -3, 2e4, 0.5 * spacing)];
    const noise = add(zeros, 1, 1);
    const noisy = add(values, 1, 1);
    noisy.forEach((value, i) => expect(value - noise[i]!).toBe(Math.round(values[i]! / spacing) * spacing));
  });

  it('moves neighbours apart by less than the margin by which its noise is larger', () => {
    // The margin, from the same normals: noise of deviation 2^20 lattice steps is rounded by at most half a step.
    const normals = new Float64Array(8);
    new SecureStream(3).fillNormal(normals);
    const noise = add(new Float32Array(8), 1, 1);
    const margins = noise.map((value, i) => value / normals[i]! - 1);
    const largest = normals.reduce((best, value, i) => (Math.abs(value) > Math.abs(normals[best]!) ? i : best), 0);
    expect(margins[largest]! / 2 ** -14).toBeGreaterThan(0.8);
    expect(margins[largest]! / 2 ** -14).toBeLessThan(1.2);
    // Neighbours, at many places relative to the lattice: their difference is of norm 1 before they are rounded.
    const spacing = spacingOf(1, 100);
    for (let trial = 0; trial < 50; trial++) {
      const [values, direction] = [new Float32Array(100), new Float32Array(100)];
      const stream = new SeededStream(trial);
      stream.fillNormal(values);
      stream.fillNormal(direction);
      const length = Math.hypot(...direction);
      const other = values.map((value, i) => value + direction[i]! / length);
      const [a, b] = [add(values, 1, 1), add(other, 1, 1)]; // the same noise
      const apart = Math.hypot(...a.map((value, i) => value - b[i]!));
      expect(apart).toBeLessThan(1 + 2 ** -14);
      expect(spacing * Math.sqrt(100)).toBeLessThan(2 ** -16 * 1.01);
    }
  });

  it('releases nothing of values or noise that are not finite, and does not say the value', () => {
    for (const value of [NaN, Infinity, -Infinity, 2 ** 100])
      expect(() => add(Float32Array.of(1, value), 1, 1)).toThrow(
        /^Gaussian mechanism: a value is not finite or too large for its noise, so nothing is released; expected finite values below [\d.]+\.$/,
      );
    for (const value of [NaN, Infinity, -Infinity]) {
      class Broken extends SecureStream {
        override fillNormal(into: Float32Array | Float64Array): void {
          into.fill(0);
          into[1] = value;
        }
      }
      expect(() =>
        addRoundedGaussian(new Float32Array(3), { l2Sensitivity: 1, noiseMultiplier: 1 }, new Broken()),
      ).toThrow('Gaussian mechanism: the noise is not finite, so nothing is released');
    }
  });

  it('refuses a sensitivity or a noise multiplier that is not above 0', () => {
    expect(() => add(new Float32Array(1), 0, 1)).toThrow('Gaussian mechanism: l2Sensitivity is out of range; got 0');
    expect(() => add(new Float32Array(1), 1, NaN)).toThrow('Gaussian mechanism: noiseMultiplier is out of range; got');
  });
});
