import { describe, expect, it } from 'vitest';
import { gaussianEvent, poissonSampledEvent, selfComposedEvent } from '../../../lib/core/events.js';
import { SecureStream } from '../../../lib/core/rng.js';
import { PoissonSampling } from '../../../lib/mechanisms/index.js';

/** Four standard errors: wrong once in about 15,000 seeds. */
const fourStandardErrors = 4;

describe('PoissonSampling', () => {
  it('draws every record in every batch by a coin of its own', () => {
    const [size, sampleRate, steps] = [50, 0.3, 4000];
    const batches = new PoissonSampling({ sampleRate, steps }).batches(size, new SecureStream(2));
    const drawn = new Float64Array(size);
    const sizes: number[] = [];
    let pairs = 0;
    for (let step = 0; step < steps; step++) {
      const rows = batches.next();
      for (const row of rows) drawn[row]!++;
      sizes.push(rows.length);
      if (rows.includes(0) && rows.includes(1)) pairs++;
    }
    const deviation = Math.sqrt((sampleRate * (1 - sampleRate)) / steps);
    for (const count of drawn)
      expect(Math.abs(count / steps - sampleRate)).toBeLessThan(fourStandardErrors * deviation);
    expect(Math.abs(pairs / steps - 0.09)).toBeLessThan(fourStandardErrors * Math.sqrt((0.09 * 0.91) / steps));
    // Sizes are binomial, as no shuffled epoch's are: variance size q (1 - q) = 10.5.
    const variance = sizes.reduce((sum, n) => sum + (n - size * sampleRate) ** 2, 0) / steps;
    expect(Math.abs(variance / 10.5 - 1)).toBeLessThan(fourStandardErrors * Math.sqrt(2 / steps));
  });

  it('states the event that it draws, and draws no batch more', () => {
    const sampling = new PoissonSampling({ sampleRate: 0.1, steps: 3 });
    expect(sampling.event(gaussianEvent(2))).toEqual(selfComposedEvent(poissonSampledEvent(0.1, gaussianEvent(2)), 3));
    const batches = sampling.batches(10, new SecureStream(1));
    for (let i = 0; i < 3; i++) batches.next();
    expect(batches.drawn).toBe(3);
    expect(() => batches.next()).toThrow(
      'Poisson sampling: every planned batch was drawn, and no more are paid for; got 4, expected at most 3 batches.',
    );
    expect(() => Object.assign(sampling, { sampleRate: 0.5 })).toThrow(TypeError);
  });

  it('draws all at rate 1, and empty batches of nothing', () => {
    const all = new PoissonSampling({ sampleRate: 1, steps: 1 }).batches(5, new SecureStream());
    expect([...all.next()]).toEqual([0, 1, 2, 3, 4]);
    expect([...new PoissonSampling({ sampleRate: 0.5, steps: 1 }).batches(0, new SecureStream()).next()]).toEqual([]);
  });

  it('draws other batches every time', () => {
    const draw = () => [...new PoissonSampling({ sampleRate: 0.5, steps: 1 }).batches(200, new SecureStream()).next()];
    expect(draw()).not.toEqual(draw());
  });
});
