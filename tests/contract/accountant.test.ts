import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BudgetError, OptionError } from '../../lib/core/errors.js';
import {
  composedEvent,
  gaussianEvent,
  poissonSampledEvent,
  sampledWithoutReplacementEvent,
  selfComposedEvent,
  type PrivacyEvent,
} from '../../lib/core/events.js';
import { accountants, defaultAccountant } from '../../lib/privacy/index.js';

const strange = { kind: 'exponential', scale: 1 } as unknown as PrivacyEvent;
const zero = { lower: 0, estimate: 0, upper: 0 };
const infinite = { lower: Infinity, estimate: Infinity, upper: Infinity };
const steps = (rate: number, noise: number, count: number) =>
  selfComposedEvent(rate === 1 ? gaussianEvent(noise) : poissonSampledEvent(rate, gaussianEvent(noise)), count);

describe.each(accountants.all())('accountant $id', (accountant) => {
  /** Sampling rates that this accountant takes. */
  const rates = [0.02, 0.3, 1].filter((rate) => accountant.refuses(steps(rate, 1, 1)) === undefined);
  const setting = fc.record({
    rate: fc.constantFrom(...rates),
    noise: fc.double({ min: 0.6, max: 20, noNaN: true }),
    count: fc.integer({ min: 1, max: 300 }),
    delta: fc.constantFrom(1e-8, 1e-6, 1e-4),
  });
  const upper = (event: PrivacyEvent, delta: number) => accountant.epsilon(event, delta).upper;
  /** Brackets of two settings may overlap by their own width: the claims below are about the true value. */
  const atMost = (smaller: PrivacyEvent, larger: PrivacyEvent, delta: number, largerDelta = delta) =>
    expect(accountant.epsilon(smaller, largerDelta).lower).toBeLessThanOrEqual(upper(larger, delta));
  const runs = { numRuns: 15 };

  it('charges nothing for nothing', () => {
    const nothing: PrivacyEvent = { kind: 'none' };
    for (const event of [nothing, composedEvent([]), selfComposedEvent(gaussianEvent(1), 0), composedEvent([nothing])])
      expect(accountant.epsilon(event, 1e-5)).toEqual(zero);
    expect(accountant.epsilon(poissonSampledEvent(0, gaussianEvent(1)), 1e-5)).toEqual(zero);
  });

  it('charges infinity for a release with no protection, at any depth', () => {
    const open: PrivacyEvent = { kind: 'non-private' };
    for (const event of [open, gaussianEvent(0), composedEvent([gaussianEvent(1), selfComposedEvent(open, 2)])])
      expect(accountant.epsilon(event, 1e-5)).toEqual(infinite);
  });

  it('refuses an event that it does not know by name, at any depth', () => {
    const hidden = composedEvent([gaussianEvent(1), selfComposedEvent(composedEvent([strange]), 3)]);
    for (const event of [strange, hidden, poissonSampledEvent(0.1, strange)]) {
      expect(accountant.refuses(event)).toBe('exponential');
      expect(() => accountant.epsilon(event, 1e-5)).toThrow(BudgetError);
      expect(() => accountant.epsilon(event, 1e-5)).toThrow(
        `accountant ${accountant.id}: a part of the event is of a kind that it cannot account for; got 'exponential'.`,
      );
    }
  });

  it('refuses to add up releases under different neighbouring relations, at any depth', () => {
    const mixed = composedEvent([gaussianEvent(1), selfComposedEvent(gaussianEvent(1, 'replace-one'), 2)]);
    const message = "privacy event: one event cannot mix neighbouring relations; got 'replace-one', expected";
    expect(() => accountant.epsilon(mixed, 1e-5)).toThrow(BudgetError);
    expect(() => accountant.epsilon(mixed, 1e-5)).toThrow(message);
    const one = accountant.epsilon(selfComposedEvent(gaussianEvent(1, 'replace-one'), 2), 1e-5);
    expect(one).toEqual(accountant.epsilon(selfComposedEvent(gaussianEvent(1), 2), 1e-5));
  });

  it('refuses numbers out of range', () => {
    const bad = [gaussianEvent(-1), gaussianEvent(NaN), selfComposedEvent(gaussianEvent(1), -2), steps(1.5, 1, 1)];
    for (const event of bad) expect(() => accountant.epsilon(event, 1e-5)).toThrow(OptionError);
    expect(() => accountant.epsilon(gaussianEvent(-1), 1e-5)).toThrow('privacy event: noiseMultiplier is out of range');
    expect(() => accountant.epsilon(gaussianEvent(1), 0)).toThrow(`accountant ${accountant.id}: delta is out of range`);
  });

  it('gives an ordered, finite bracket', () => {
    const check = fc.property(setting, ({ rate, noise, count, delta }) => {
      const bracket = accountant.epsilon(steps(rate, noise, count), delta);
      expect(bracket.lower).toBeGreaterThanOrEqual(0);
      expect(bracket.estimate).toBeGreaterThanOrEqual(bracket.lower);
      expect(bracket.upper).toBeGreaterThanOrEqual(bracket.estimate);
      expect(bracket.upper).toBeLessThan(Infinity);
    });
    fc.assert(check, runs);
  });

  it('is monotone in noise, steps, rate and delta', () => {
    const check = fc.property(setting, ({ rate, noise, count, delta }) => {
      const event = steps(rate, noise, count);
      atMost(steps(rate, noise * 1.3, count), event, delta);
      atMost(event, steps(rate, noise, count + 20), delta);
      atMost(event, event, delta, delta * 2);
      if (rate < 1) atMost(steps(rate * 0.8, noise, count), event, delta);
    });
    fc.assert(check, runs);
  });

  it('does not mind the order of composition, nor how equal steps are written', () => {
    const check = fc.property(setting, setting, (one, other) => {
      const [a, b] = [steps(one.rate, one.noise, one.count), steps(other.rate, other.noise, other.count)];
      const expected = accountant.epsilon(composedEvent([a, b]), one.delta);
      expect(accountant.epsilon(composedEvent([composedEvent([b]), a]), one.delta)).toEqual(expected);
      const split = [steps(one.rate, one.noise, one.count - 1), steps(one.rate, one.noise, 1), b];
      expect(accountant.epsilon(composedEvent(split), one.delta)).toEqual(expected);
    });
    fc.assert(check, runs);
  });

  it('never claims less than the exact epsilon of one Gaussian, nor a lower bound above it', () => {
    // Balle and Wang's exact epsilon at delta 1e-5: 4.377178 for noise multiplier 1.
    const { lower, upper: guarantee } = accountant.epsilon(gaussianEvent(1), 1e-5);
    expect(lower).toBeLessThan(4.3771785);
    expect(guarantee).toBeGreaterThan(4.3771775);
  });
});

it('the default accountant takes every event that any accountant takes', () => {
  for (const event of [gaussianEvent(1), steps(0.1, 1, 10), composedEvent([gaussianEvent(1), steps(0.1, 1, 10)])])
    expect(accountants.get(defaultAccountant(event)).refuses(event)).toBeUndefined();
  const fixedSize = sampledWithoutReplacementEvent(10, 1000, gaussianEvent(1, 'replace-one'));
  expect([gaussianEvent(1), steps(0.1, 1, 10), fixedSize].map(defaultAccountant)).toEqual(['pld', 'pld', 'rdp']);
});
