import { describe, expect, it } from 'vitest';
import { composedEvent, gaussianEvent, poissonSampledEvent, selfComposedEvent } from '../../../lib/core/events.js';
import { gaussianDelta, gaussianEpsilon, gdp } from '../../../lib/privacy/gaussian.js';

describe('gdp accountant', () => {
  // Exact Gaussian at delta 1e-5, printed to six digits.
  it.each([
    [0.5, 9.997256],
    [1, 4.377178],
    [2, 1.993091],
    [4, 0.926342],
    [5, 0.725522],
  ])('one release of noise multiplier %d costs %d', (noise, expected) => {
    const { lower, estimate, upper } = gdp.epsilon(gaussianEvent(noise), 1e-5);
    expect(estimate).toBeCloseTo(expected, 6);
    expect(upper - lower).toBeLessThan(1e-10);
  });

  it('composes exactly: 1/z^2 adds up', () => {
    const parts = composedEvent([gaussianEvent(3), selfComposedEvent(gaussianEvent(6), 4)]);
    const one = gaussianEvent(1 / Math.sqrt(1 / 9 + 4 / 36));
    expect(gdp.epsilon(parts, 1e-6).upper).toBeCloseTo(gdp.epsilon(one, 1e-6).upper, 11);
  });

  it('keeps relative accuracy far in the tail', () => {
    // mpmath, 80 digits: ncdf(mu/2 - e/mu) - exp(e) * ncdf(-mu/2 - e/mu)
    expect(gaussianDelta(0.1, 1) / 1.2308359836427e-25).toBeCloseTo(1, 10);
    expect(gaussianDelta(5, 60) / 3.57681129063061e-22).toBeCloseTo(1, 10);
    expect(gaussianDelta(0.01, 0.1) / 7.8576927710368e-27).toBeCloseTo(1, 10);
    expect(gaussianDelta(0.001, 0) / 0.000398942263778838).toBeCloseTo(1, 10);
    expect(gaussianDelta(1, -Infinity)).toBe(1);
  });

  it('brackets the root of delta', () => {
    for (const mu of [0.003, 0.1, 1, 7, 60]) {
      const { lower, upper } = gaussianEpsilon(mu, 1e-7);
      expect(gaussianDelta(mu, upper)).toBeLessThanOrEqual(1e-7);
      if (lower > 0) expect(gaussianDelta(mu, lower)).toBeGreaterThanOrEqual(1e-7);
    }
    expect(gaussianEpsilon(1e-8, 1e-5)).toEqual({ lower: 0, estimate: 0, upper: 0 });
  });

  it('refuses samples of the data by name', () => {
    const event = composedEvent([gaussianEvent(1), poissonSampledEvent(0.5, gaussianEvent(1))]);
    expect(gdp.refuses(event)).toBe('poisson-sampled');
    expect(() => gdp.epsilon(event, 1e-5)).toThrow(
      "accountant gdp: a part of the event is of a kind that it cannot account for; got 'poisson-sampled'. Use another",
    );
  });
});
