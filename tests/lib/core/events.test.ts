import { describe, expect, it } from 'vitest';
import { BudgetError } from '../../../lib/core/errors.js';
import {
  composedEvent,
  describeEvent,
  gaussianEvent,
  laplaceEvent,
  poissonSampledEvent,
  pureEpsilonEvent,
  relationOf,
  sampledWithoutReplacementEvent,
  selfComposedEvent,
} from '../../../lib/core/events.js';

describe('relationOf', () => {
  it('is that of the parts, at any depth; nothing has none', () => {
    expect(relationOf({ kind: 'none' })).toBeUndefined();
    expect(relationOf(composedEvent([]))).toBeUndefined();
    expect(relationOf(composedEvent([{ kind: 'none' }, selfComposedEvent(laplaceEvent(1), 3)]))).toBe(
      'add-or-remove-one',
    );
    expect(relationOf(composedEvent([pureEpsilonEvent(1, 'replace-one'), gaussianEvent(1, 'replace-one')]))).toBe(
      'replace-one',
    );
    expect(relationOf(poissonSampledEvent(0.1, gaussianEvent(1)))).toBe('add-or-remove-one');
    expect(relationOf(sampledWithoutReplacementEvent(1, 10, gaussianEvent(1, 'replace-one')))).toBe('replace-one');
  });

  it('refuses a mixture, and sampling under a relation that it says nothing about', () => {
    const mixed = composedEvent([gaussianEvent(1), composedEvent([laplaceEvent(1, 'replace-one')])]);
    expect(() => relationOf(mixed)).toThrow(BudgetError);
    expect(() => relationOf(mixed)).toThrow(
      "privacy event: one event cannot mix neighbouring relations; got 'replace-one', expected add-or-remove-one. " +
        'Analyse all of its parts under one relation.',
    );
    expect(() => relationOf(poissonSampledEvent(0.1, gaussianEvent(1, 'replace-one')))).toThrow(
      "privacy event poisson-sampled: one event cannot mix neighbouring relations; got 'replace-one'",
    );
    expect(() => relationOf(sampledWithoutReplacementEvent(1, 10, gaussianEvent(1)))).toThrow(
      "privacy event sampled-without-replacement: one event cannot mix neighbouring relations; got 'add-or-remove-one'",
    );
  });

  it('is written down only where it is not the default, so that equal events are equal data', () => {
    expect(gaussianEvent(1, 'add-or-remove-one')).toEqual({ kind: 'gaussian', noiseMultiplier: 1 });
    expect(pureEpsilonEvent(1, 'replace-one')).toEqual({ kind: 'pure-epsilon', epsilon: 1, relation: 'replace-one' });
  });
});

describe('describeEvent', () => {
  it('says what was spent in one line', () => {
    const event = composedEvent([
      selfComposedEvent(poissonSampledEvent(0.01, gaussianEvent(1.1)), 1000),
      laplaceEvent(2),
      pureEpsilonEvent(0.5),
      sampledWithoutReplacementEvent(10, 500, gaussianEvent(3, 'replace-one')),
    ]);
    expect(describeEvent(event)).toBe(
      '1000 x [Gaussian, noise multiplier 1.1, on a Poisson sample of rate 0.01]; Laplace, noise multiplier 2; ' +
        'pure epsilon 0.5; Gaussian, noise multiplier 3, replace-one, on 10 of 500 records',
    );
    expect(describeEvent({ kind: 'none' })).toBe('nothing');
    expect(describeEvent({ kind: 'non-private' })).toBe('a release with no protection');
  });
});
