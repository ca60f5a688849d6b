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

  it('give whole numbers evenly and permutations', () => {
    const stream = new SeededStream(4);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[stream.integer(7)]!++;
    for (const count of counts)
      expect(Math.abs(count - 10_000)).toBeLessThan(fourStandardErrors * Math.sqrt(10_000 * (6 / 7)));
    expect([...stream.permutation(100)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});
