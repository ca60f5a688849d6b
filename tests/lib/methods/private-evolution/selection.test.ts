import { describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { drawByWeight, selectionWeights } from '../../../../lib/methods/private-evolution/selection.js';

describe('selectionWeights', () => {
  it('are the votes above the threshold, in units of the noise, class by class', () => {
    // Specification 6.6, example 1: threshold 1.
    const { weights, unselected } = selectionWeights({ counts: [2, 2, 1], deviation: 1 }, { bins: 3, threshold: 1 });
    expect([...weights]).toEqual([0.5, 0.5, 0]);
    expect(unselected).toEqual([]);
    const two = selectionWeights({ counts: [12, 20, -9, 30], deviation: 5 }, { bins: 2, threshold: 2 });
    expect([...two.weights]).toEqual([2 / 12, 10 / 12, 0, 1]);
  });

  it('are equal where nothing is above it, and say where', () => {
    const { weights, unselected } = selectionWeights(
      { counts: [3, -3, 9, 0, 1, 2], deviation: 2 },
      { bins: 2, threshold: 2 },
    );
    expect([...weights]).toEqual([0.5, 0.5, 1, 0, 0.5, 0.5]);
    expect(unselected).toEqual([0, 2]);
  });

  it('let through the share of pure noise that a normal law says', () => {
    // scipy.stats.norm: sf(15 / 9.107352) = 0.04978, and z (pdf(H / z) - (H / z) sf(H / z)) = 0.1893 with z = 9.107352, H = 15.
    const bins = 200_000;
    const counts = new Float64Array(bins);
    const deviation = 9.107352;
    new SeededStream(5).fillNormal(counts, deviation);
    const { weights } = selectionWeights({ counts, deviation }, { bins, threshold: 15 / deviation });
    const above = weights.filter((weight) => weight > 0).length;
    expect(above / bins).toBeCloseTo(0.0498, 2);
    const total = counts.reduce((sum, count) => sum + Math.max(0, count - 15), 0);
    expect(total / bins / 0.1893).toBeCloseTo(1, 1);
  });
});

describe('drawByWeight', () => {
  it('draws each place floor or ceil of its weight times the number', () => {
    const stream = new SeededStream(6);
    for (let trial = 0; trial < 200; trial++) {
      const raw = Array.from({ length: 9 }, () => (stream.uniform() < 0.4 ? 0 : stream.uniform()));
      raw[stream.integer(9)] = 1;
      const total = raw.reduce((sum, weight) => sum + weight, 0);
      const weights = raw.map((weight) => weight / total);
      const count = 1 + stream.integer(40);
      const drawn = drawByWeight(weights, count, stream);
      expect(drawn).toHaveLength(count);
      weights.forEach((weight, place) => {
        const times = drawn.filter((each) => each === place).length;
        if (weight === 0) expect(times).toBe(0);
        expect(Math.abs(times - weight * count)).toBeLessThan(1 + 1e-9);
      });
    }
  });

  it('is right on average, and never takes a place of no weight', () => {
    const stream = new SeededStream(7);
    const counts = [0, 0, 0];
    for (let trial = 0; trial < 4000; trial++) counts[drawByWeight([0.25, 0.75, 0], 1, stream)[0]!]!++;
    expect(Math.abs(counts[0]! / 4000 - 0.25)).toBeLessThan(4 * Math.sqrt(0.1875 / 4000)); // 4 standard errors
    expect(counts[2]).toBe(0);
    const tenths = [...Array<number>(10).fill(0.1), 0]; // add up to 0.9999999999999999
    for (let trial = 0; trial < 100; trial++) expect(drawByWeight(tenths, 1000, stream)).not.toContain(10);
  });
});
