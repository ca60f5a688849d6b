import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composedEvent, laplaceEvent, pureEpsilonEvent, selfComposedEvent } from '../../../lib/core/events.js';
import { epsilon, gaussianSteps, noiseMultiplier } from '../../../lib/privacy/index.js';
import { pld } from '../../../lib/privacy/pld.js';
import { rdp } from '../../../lib/privacy/rdp.js';

/**
 * Properties over the whole range that dpbench promises: sampling rates from 1e-6 to 1, up to a million steps, deltas down
 * to 1e-12. The contract test has the same for every accountant over a smaller range.
 */
const power = (min: number, max: number) => fc.double({ min, max, noNaN: true }).map((x) => 10 ** x);
const setting = fc.record({
  rate: fc.oneof(power(-6, 0), fc.constant(1)),
  steps: power(0, 6).map(Math.floor),
  noise: power(-0.3, 2.5),
  delta: power(-12, -3),
});
const runs = { numRuns: 40 };
type Setting = { rate: number; steps: number; noise: number; delta: number };
const byPld = ({ rate, steps, noise, delta }: Setting) => pld.epsilon(gaussianSteps(noise, rate, steps), delta);

describe('pld over the whole range', () => {
  it('gives an ordered bracket that is narrow, and never far above RDP', () => {
    fc.assert(
      fc.property(setting, (one) => {
        const { lower, estimate, upper } = byPld(one);
        const byRdp = rdp.epsilon(gaussianSteps(one.noise, one.rate, one.steps), one.delta).upper;
        expect(lower).toBeGreaterThanOrEqual(0);
        expect(estimate).toBeGreaterThanOrEqual(lower);
        expect(upper).toBeGreaterThanOrEqual(estimate);
        expect(lower).toBeLessThanOrEqual(byRdp);
        expect(upper).toBeLessThanOrEqual(1.003 * byRdp);
        // 1 % or 0.005; where a record is hardly ever drawn the largest grid may not get there.
        if (upper < 1000) expect(upper - lower).toBeLessThanOrEqual(Math.max(0.01 * upper, 0.015));
      }),
      runs,
    );
  });

  it('costs less with more noise, fewer steps, a smaller rate and a larger delta', () => {
    fc.assert(
      fc.property(setting, fc.constantFrom('noise', 'steps', 'rate', 'delta'), (one, varied) => {
        const less = {
          noise: { ...one, noise: one.noise * 1.2 },
          steps: { ...one, steps: Math.max(1, Math.floor(one.steps / 2)) },
          rate: { ...one, rate: one.rate / 2 },
          delta: { ...one, delta: one.delta * 3 },
        }[varied];
        expect(byPld(less).lower).toBeLessThanOrEqual(byPld(one).upper);
      }),
      runs,
    );
  });

  it('does not mind the order of composition, nor how equal steps are written', () => {
    fc.assert(
      fc.property(setting, power(-1, 1), (one, scale) => {
        const [a, b] = [gaussianSteps(one.noise, one.rate, one.steps), selfComposedEvent(laplaceEvent(10 * scale), 3)];
        const c = pureEpsilonEvent(0.1 * scale);
        const first = pld.epsilon(composedEvent([a, b, c]), one.delta);
        expect(pld.epsilon(composedEvent([c, composedEvent([b]), a]), one.delta)).toEqual(first);
      }),
      { numRuns: 10 },
    );
  });

  it('a million steps are a thousand times a thousand steps', () => {
    const thousand = gaussianSteps(8, 0.002, 1000);
    for (const accountant of [pld, rdp]) {
      const nested = accountant.epsilon(selfComposedEvent(thousand, 1000), 1e-9);
      expect(nested).toEqual(accountant.epsilon(gaussianSteps(8, 0.002, 1e6), 1e-9));
    }
  });

  it('tends to the Gaussian that the central limit theorem names, also after a million steps', () => {
    // q sqrt(T (e^(1 / z^2) - 1)) is the shift; at so small a rate and so many steps it is good to a thousandth.
    const { lower, upper } = byPld({ rate: 0.001, steps: 1e6, noise: 20, delta: 1e-6 });
    const shift = 0.001 * Math.sqrt(1e6 * Math.expm1(1 / 400));
    const limit = pld.epsilon(gaussianSteps(1 / shift, 1, 1), 1e-6).estimate;
    expect(limit).toBeGreaterThan(lower - 2e-3 * limit);
    expect(limit).toBeLessThan(upper + 2e-3 * limit);
  });
});

describe('calibration at pld', () => {
  it('never spends more than the budget, and hardly less', () => {
    const target = fc.record({
      budget: power(-2, 2),
      sampleRate: fc.oneof(power(-3, 0), fc.constant(1)),
      steps: power(0, 5).map(Math.floor),
      delta: power(-12, -5),
    });
    fc.assert(
      fc.property(target, ({ budget, ...mechanism }) => {
        const found = noiseMultiplier({ ...mechanism, epsilon: budget, accountant: 'pld' });
        const { upper } = epsilon({ ...mechanism, noiseMultiplier: found, accountant: 'pld' });
        expect(upper).toBeLessThanOrEqual(budget);
        // A hundredth below it at most, except where noise hardly matters because a record is hardly ever drawn.
        const less = epsilon({ ...mechanism, noiseMultiplier: 0.98 * found, accountant: 'pld' }).upper;
        expect(upper > 0.99 * budget || less > budget || found < 0.01).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    [0.01, 1, 1e6, 1e-12],
    [1000, 1, 1, 1e-12],
    [1000, 0.5, 1000, 1e-5],
    [0.01, 0.01, 1e5, 1e-10],
    [1, 1e-6, 1e6, 1e-12],
    [8, 1e-4, 1e6, 1e-9],
  ])('reaches epsilon %d at rate %d, %d steps, delta %d', (budget, sampleRate, steps, delta) => {
    const mechanism = { sampleRate, steps, delta, accountant: 'pld' };
    const found = noiseMultiplier({ ...mechanism, epsilon: budget });
    const { upper } = epsilon({ ...mechanism, noiseMultiplier: found });
    expect(upper).toBeLessThanOrEqual(budget);
    expect(upper).toBeGreaterThan(0.99 * budget);
  });
});
