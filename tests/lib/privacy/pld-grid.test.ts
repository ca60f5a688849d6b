import { describe, expect, it } from 'vitest';
import { gaussLegendre } from '../../../lib/privacy/gauss-legendre.js';
import { discretise } from '../../../lib/privacy/pld-grid.js';
import { gaussianPair, laplacePair, purePair, type GridLosses } from '../../../lib/privacy/pld-pair.js';

const pairs = {
  'a small sample': gaussianPair(0.01, 0.8, 1e-14),
  'a large sample': gaussianPair(0.6, 3, 1e-14),
  'all of the data': gaussianPair(1, 2, 1e-14),
  Laplace: laplacePair(3),
  'pure epsilon': purePair(0.7),
};

/** E[f(loss)] over the finite losses. */
const mean = ({ offset, first, masses }: GridLosses, spacing: number, f: (loss: number) => number) =>
  masses.reduce((sum, mass, k) => sum + mass * f(offset + (first + k) * spacing), 0);

describe.each(Object.entries(pairs))('losses on a grid: %s', (_, pair) => {
  const on = (spacing: number, direction: 1 | -1) => {
    const { above, below } = discretise(pair, direction, { spacing, cap: 50, withBelow: true });
    return { above, below: below! };
  };

  it.each([1, -1] as const)('keeps P, and Q by exp(-loss) P, in direction %d', (direction) => {
    const { above, below } = on(0.02, direction);
    expect(mean(above, 0.02, () => 1) + above.infinity).toBeCloseTo(1, 11);
    expect(mean(above, 0.02, (loss) => Math.exp(-loss))).toBeCloseTo(1, 9);
    expect(mean(below, 0.02, () => 1)).toBeLessThanOrEqual(1 + 1e-12);
    expect(mean(below, 0.02, () => 1)).toBeGreaterThan(1 - 1e-9);
  });

  it.each([1, -1] as const)('the mean loss is between the two, which close up, in direction %d', (direction) => {
    const gap = (spacing: number) => {
      const { above, below } = on(spacing, direction);
      const [low, high] = [mean(below, spacing, (loss) => loss), mean(above, spacing, (loss) => loss)];
      const fine = on(0.0005, direction);
      const least = mean(fine.below, 0.0005, (loss) => loss);
      expect(high).toBeGreaterThanOrEqual(least - 1e-9);
      expect(low).toBeLessThanOrEqual(mean(fine.above, 0.0005, (loss) => loss) + 1e-9);
      return high - low;
    };
    // Of second order for densities, of first order for single outputs that miss the grid.
    expect(gap(0.02)).toBeLessThan(pair.atoms.length === 0 ? 0.003 : 0.01);
    expect(gap(0.002)).toBeLessThan(pair.atoms.length === 0 ? 0.00003 : 0.001);
  });
});

describe('gaussLegendre', () => {
  it.each([2, 3, 5, 8])('%d points are exact for polynomials of degree 2n - 1', (n) => {
    const { nodes, weights } = gaussLegendre(n);
    for (let degree = 0; degree < 2 * n; degree++) {
      const sum = nodes.reduce((total, x, i) => total + weights[i]! * x ** degree, 0);
      expect(sum).toBeCloseTo(degree % 2 === 0 ? 2 / (degree + 1) : 0, 13);
    }
  });
});
