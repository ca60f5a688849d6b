import { describe, expect, it } from 'vitest';
import { SecureStream, SeededStream } from '../../../lib/core/rng.js';

/** Standard errors that a mean may be off: wrong once in about 15,000 draws of the test. */
const fourStandardErrors = 4;

describe('random streams', () => {
  it('repeat for one seed and differ for another', () => {
    const draw = (seed: number) =>
      Array.from(
        { length: 5 },
        (() => {
          const s = new SeededStream(seed);
          return () => s.uniform();
        })(),
      );
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(new SeededStream(1).fork('a').uniform()).not.toBe(new SeededStream(1).fork('b').uniform());
  });

  it('are secure when no seed of a test is given: two streams never agree', () => {
    expect(new SecureStream().uniform()).not.toBe(new SecureStream().uniform());
  });

  it('have the moments of the standard normal', () => {
    const values = new Float64Array(200_000);
    new SeededStream(3).fillNormal(values);
    const moment = (power: number) => values.reduce((sum, v) => sum + v ** power, 0) / values.length;
    const n = values.length;
    expect(Math.abs(moment(1))).toBeLessThan(fourStandardErrors / Math.sqrt(n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(fourStandardErrors * Math.sqrt(2 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(fourStandardErrors * Math.sqrt(96 / n));
  });

  it('fall into the cells of the normal distribution as often as its closed form says, tails and layers included', () => {
    // Edges and P(X < edge) by scipy.stats.norm.cdf; 3.654 is where the ziggurat's tail begins, 0.215 its top layer.
    const edges: [number, number][] = [
      [-4, 3.167124183311986e-5],
      [-3.654, 0.00012909313320955552],
      [-2, 0.022750131948179195],
      [-0.215, 0.41488365927980425],
      [0, 0.5],
      [0.215, 0.5851163407201958],
      [1, 0.8413447460685429],
      [3.654, 0.9998709068667905],
      [4, 0.9999683287581669],
    ];
    const count = 2_000_000;
    const values = new Float64Array(count);
    new SeededStream(6).fillNormal(values);
    const observed = new Array<number>(edges.length + 1).fill(0);
    for (const value of values) observed[edges.filter(([edge]) => value >= edge).length]!++;
    const below = [0, ...edges.map(([, probability]) => probability), 1];
    const chiSquare = observed.reduce((sum, seen, i) => {
      const expected = count * (below[i + 1]! - below[i]!);
      return sum + (seen - expected) ** 2 / expected;
    }, 0);
    expect(chiSquare).toBeLessThan(27.88); // scipy.stats.chi2.isf(1e-3, 9)
  });

  it('are the same one by one and in bulk', () => {
    const [one, bulk] = [new SeededStream(8), new SeededStream(8)];
    const values = new Float64Array(50_000);
    bulk.fillNormal(values.subarray(0, 777), 2);
    bulk.fillNormal(values.subarray(777), 2);
    expect(Array.from(values, () => 2 * one.normal())).toEqual([...values]);
    expect(bulk.uniform()).toBe(one.uniform());
  });

  it('give whole numbers evenly and permutations', () => {
    const stream = new SeededStream(4);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[stream.integer(7)]!++;
    for (const count of counts)
      expect(Math.abs(count - 10_000)).toBeLessThan(fourStandardErrors * Math.sqrt(10_000 * (6 / 7)));
    expect([...stream.permutation(100)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});
