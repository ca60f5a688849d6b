import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  composedEvent,
  gaussianEvent,
  laplaceEvent,
  poissonSampledEvent,
  pureEpsilonEvent,
  selfComposedEvent,
  type PrivacyEvent,
} from '../../../lib/core/events.js';
import { gaussianSteps } from '../../../lib/privacy/epsilon.js';
import { gaussianEpsilon } from '../../../lib/privacy/gaussian.js';
import { logNormalCdf } from '../../../lib/privacy/log-erfc.js';
import { bracketOf } from '../../../lib/privacy/pld-bracket.js';
import { gaussianPair } from '../../../lib/privacy/pld-pair.js';
import { pld } from '../../../lib/privacy/pld.js';
import { rdp } from '../../../lib/privacy/rdp.js';

/** Made by dp-accounting 0.6.0 and prv_accountant 0.2.0; tests/golden/pld.py holds the calls. */
const golden = JSON.parse(readFileSync(new URL('../../golden/pld.json', import.meta.url), 'utf8')) as {
  settings: [rate: number, noise: number, steps: number, delta: number, pld: number, prv: number[] | null][];
  others: [description: string, delta: number, epsilon: number][];
};

/** `poisson 0.02 1.5 x 300 + laplace 10 x 50` as an event. */
function eventOf(description: string): PrivacyEvent {
  return composedEvent(
    description.split(' + ').map((part) => {
      const [kind, ...numbers] = part.replace(' x ', ' ').split(' ');
      const [a, b, c] = numbers.map(Number) as [number, number, number];
      if (kind === 'poisson') return gaussianSteps(b, a, c);
      return selfComposedEvent(kind === 'laplace' ? laplaceEvent(a) : gaussianEvent(a), b);
    }),
  );
}

const isNarrow = ({ lower, upper }: { lower: number; upper: number }) => upper - lower <= Math.max(0.01 * upper, 0.005);

describe('pld accountant', () => {
  it('brackets dp-accounting on 200 random settings', () => {
    expect(golden.settings).toHaveLength(200);
    for (const [rate, noise, steps, delta, expected] of golden.settings) {
      const ours = pld.epsilon(gaussianSteps(noise, rate, steps), delta);
      const setting = { rate, noise, steps, delta, ...ours, expected };
      // dp-accounting rounds to the leaky side; on the grids of pld.py that is less than 1e-3 of the value.
      expect({ ...setting, holds: ours.lower <= expected }).toMatchObject({ holds: true });
      expect({ ...setting, holds: expected <= ours.upper * 1.001 }).toMatchObject({ holds: true });
      expect({ ...setting, holds: isNarrow(ours) }).toMatchObject({ holds: true });
    }
  });

  it('brackets the estimate of prv_accountant where that gives one', () => {
    const known = golden.settings.filter((setting) => setting[5] !== null);
    expect(known.length).toBeGreaterThan(150);
    for (const [rate, noise, steps, delta, , prv] of known) {
      const [least, estimate, most] = prv as [number, number, number];
      const ours = pld.epsilon(gaussianSteps(noise, rate, steps), delta);
      // Its own error is up to 0.01; the middle of its interval is good to about 0.001.
      expect(ours.lower).toBeLessThanOrEqual(most);
      expect(ours.upper).toBeGreaterThanOrEqual(least);
      expect(estimate).toBeGreaterThanOrEqual(ours.lower - 0.001);
      expect(estimate).toBeLessThanOrEqual(ours.upper + 0.001);
    }
  });

  it.each(golden.others)('%s at delta %d: %d', (description, delta, expected) => {
    const ours = pld.epsilon(eventOf(description), delta);
    expect(ours.lower).toBeLessThanOrEqual(expected);
    expect(ours.upper).toBeGreaterThanOrEqual(expected - 0.001);
    expect(isNarrow(ours)).toBe(true);
    expect(ours.estimate).toBeCloseTo(expected, 1);
  });

  it('is exact for full-batch Gaussian noise', () => {
    const event = composedEvent([gaussianEvent(2), gaussianSteps(4, 1, 3)]);
    expect(pld.epsilon(event, 1e-6)).toEqual(gaussianEpsilon(Math.sqrt(1 / 4 + 3 / 16), 1e-6));
  });

  it('finds epsilon 0 where delta alone is enough', () => {
    expect(pld.epsilon(gaussianSteps(1, 1e-7, 10), 1e-5)).toMatchObject({ lower: 0, upper: 0 });
  });

  it('gives the upper end alone, which is that of the bracket before any refinement', () => {
    const event = gaussianSteps(5, 0.05, 700);
    expect(pld.upper!(event, 1e-6) / pld.epsilon(event, 1e-6).upper).toBeCloseTo(1, 9);
  });

  // delta(epsilon) = P - e^epsilon Q of all outputs whose loss is above epsilon; removing is the worse direction here.
  it('brackets the exact epsilon of one sampled release', () => {
    const setting = fc.record({
      rate: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      noise: fc.double({ min: 0.4, max: 8, noNaN: true }),
      epsilon: fc.double({ min: 0.02, max: 4, noNaN: true }),
    });
    fc.assert(
      fc.property(setting, ({ rate, noise, epsilon }) => {
        const x = noise * noise * Math.log1p(Math.expm1(epsilon) / rate) + 0.5;
        const [shifted, centred] = [logNormalCdf((1 - x) / noise), logNormalCdf(-x / noise)].map(Math.exp);
        const delta = rate * shifted! + (1 - rate - Math.exp(epsilon)) * centred!;
        fc.pre(delta > 1e-12);
        const ours = pld.epsilon(gaussianSteps(noise, rate, 1), delta);
        // delta itself is a difference of two numbers of 1e-13 relative accuracy.
        expect(ours.lower).toBeLessThanOrEqual(epsilon * (1 + 1e-6));
        expect(ours.upper).toBeGreaterThanOrEqual(epsilon * (1 - 1e-6));
        expect(isNarrow(ours)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  // mpmath, 30 digits: delta(epsilon) of two releases is the integral of P(x) delta1(epsilon - loss(x)), delta1 in closed form.
  it.each([
    [0.5, 4, 1.2, 1.2075542404084416e-9],
    [0.2, 2, 2.5, 1.0052560758458757e-14],
    [0.01, 0.8, 7, 7.699900489829449e-21],
    [0.001, 0.6, 9, 4.75954387193368e-22],
  ])('two releases of rate %d, noise %d: epsilon %d at delta %d', (rate, noise, epsilon, delta) => {
    const ours = pld.epsilon(gaussianSteps(noise, rate, 2), delta);
    expect(ours.lower).toBeLessThanOrEqual(epsilon);
    expect(ours.upper).toBeGreaterThanOrEqual(epsilon);
    expect(isNarrow(ours)).toBe(true);
  });

  it('takes pure epsilon: the exact epsilon of randomised response, and basic composition as a bound', () => {
    const one = pld.epsilon(pureEpsilonEvent(1), 1e-6);
    // delta = e^1 / (1 + e^1) - e^epsilon / (1 + e^1)
    const exact = Math.log(Math.E - 1e-6 * (1 + Math.E));
    expect(one.lower).toBeLessThanOrEqual(exact);
    expect(one.upper).toBeGreaterThanOrEqual(exact);
    expect(isNarrow(one)).toBe(true);
    const many = pld.epsilon(selfComposedEvent(pureEpsilonEvent(0.1), 100), 1e-6);
    expect(many.upper).toBeLessThan(rdp.epsilon(selfComposedEvent(pureEpsilonEvent(0.1), 100), 1e-6).upper);
    expect(many.upper).toBeLessThan(10);
    expect(isNarrow(many)).toBe(true);
  });

  it('refuses samples of fixed size and samples of anything but Gaussian noise, by name', () => {
    expect(pld.refuses(poissonSampledEvent(0.1, laplaceEvent(1)))).toBe('poisson-sampled laplace');
    expect(() => pld.epsilon(poissonSampledEvent(0.1, laplaceEvent(1)), 1e-5)).toThrow(
      "accountant pld: a part of the event is of a kind that it cannot account for; got 'poisson-sampled laplace'.",
    );
  });
});

// A Gaussian on all of the data is the pair of rate 1, and its composition is known exactly; the grid does not know that.
describe('losses on a grid, against exact Gaussian composition', () => {
  const bracket = (steps: number, mu: number, delta: number) =>
    bracketOf([{ pair: gaussianPair(1, Math.sqrt(steps) / mu, (1e-6 * delta) / steps), count: steps }], delta);

  it.each([
    [1, 1, 1e-5],
    [10, 0.1, 1e-9],
    [400, 3, 1e-6],
    [400, 30, 1e-12],
    [20000, 0.3, 1e-12],
    [1e6, 1, 1e-5],
    [1e6, 0.2, 1e-12],
    [1e6, 8, 1e-12],
  ])('%d steps of total shift %d at delta %d', (steps, mu, delta) => {
    const exact = gaussianEpsilon(mu, delta).estimate;
    const ours = bracket(steps, mu, delta);
    expect(ours.lower).toBeLessThanOrEqual(exact);
    expect(ours.upper).toBeGreaterThanOrEqual(exact);
    expect(ours.upper - ours.lower).toBeLessThanOrEqual(0.006 * exact);
    expect(Math.abs(ours.estimate - exact)).toBeLessThan(0.001 * exact);
  });

  it('brackets it for any shift, steps and delta', () => {
    const setting = fc.record({
      steps: fc.integer({ min: 1, max: 5000 }),
      mu: fc.double({ min: 0.02, max: 20, noNaN: true }),
      exponent: fc.double({ min: -12, max: -3, noNaN: true }),
    });
    fc.assert(
      fc.property(setting, ({ steps, mu, exponent }) => {
        const exact = gaussianEpsilon(mu, 10 ** exponent);
        fc.pre(exact.lower > 0.001);
        const ours = bracket(steps, mu, 10 ** exponent);
        expect(ours.lower).toBeLessThanOrEqual(exact.upper);
        expect(ours.upper).toBeGreaterThanOrEqual(exact.lower);
        expect(isNarrow(ours)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe('pure epsilons', () => {
  it('cost at most their sum, whatever the grid rounds to, by either accountant', () => {
    for (const epsilons of [[0.5, 0.5], [1 / 3, 1 / 3, 1 / 3], [7], [3, 7]])
      for (const accountant of [pld, rdp]) {
        const sum = epsilons.reduce((all, epsilon) => all + epsilon);
        const { lower, upper } = accountant.epsilon(composedEvent(epsilons.map((one) => pureEpsilonEvent(one))), 1e-5);
        expect(upper).toBeLessThanOrEqual(sum * (1 + 1e-12));
        expect(upper).toBeGreaterThan(0.9 * sum);
        expect(lower).toBeLessThanOrEqual(upper);
      }
    const laplaces = composedEvent([laplaceEvent(2), laplaceEvent(2)]);
    for (const accountant of [pld, rdp]) expect(accountant.epsilon(laplaces, 1e-9).upper).toBeLessThanOrEqual(1);
    const mixed = composedEvent([pureEpsilonEvent(0.5), gaussianEvent(2)]);
    expect(pld.epsilon(mixed, 1e-5).upper).toBeGreaterThan(2);
  });
});
