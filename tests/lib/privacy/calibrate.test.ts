import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BudgetError, OptionError } from '../../../lib/core/errors.js';
import { composedEvent, gaussianEvent, poissonSampledEvent, selfComposedEvent } from '../../../lib/core/events.js';
import { calibrate, epsilon, noiseMultiplier } from '../../../lib/privacy/index.js';

const deltaOf = (records: number) => 1 / (records * Math.log(records));
const mnist = deltaOf(55000);
const asReference = { accountant: 'rdp', orders: 'reference', search: 'reference' } as const;

describe('noiseMultiplier, the search of the reference', () => {
  it.each([
    ['MNIST 10', 10, mnist, 1 / 14, 2100, 1.99462890625],
    ['MNIST 1', 1, mnist, 1 / 14, 2100, 14.6875],
    ['MNIST 0.2', 0.2, mnist, 1 / 14, 2100, 75],
    ['MNIST 5', 5, mnist, 1 / 14, 2100, 3.45703125],
    ['MNIST 15', 15, mnist, 1 / 14, 2100, 1.50329589844],
    ['MNIST 20', 20, mnist, 1 / 14, 2100, 1.25610351562],
    ['CIFAR 10', 10, deltaOf(45000), 1 / 11, 1650, 2.205810546875],
    ['CIFAR 1', 1, deltaOf(45000), 1 / 11, 1650, 16.25],
    ['EuroSAT 10', 10, deltaOf(21000), 1 / 6, 900, 2.83935546875],
    ['EuroSAT 1', 1, deltaOf(21000), 1 / 6, 900, 21.25],
    ['EuroSAT, batch 2048, 10', 10, deltaOf(21000), 1 / 11, 1650, 2.152099609375],
    ['EuroSAT, batch 2048, 1', 1, deltaOf(21000), 1 / 11, 1650, 15.625],
    ['CelebA 150 epochs 10', 10, deltaOf(145064), 1 / 36, 5400, 1.38427734375],
    ['CelebA 150 epochs 1', 1, deltaOf(145064), 1 / 36, 5400, 9.53125],
    ['CelebA 100 epochs 10', 10, deltaOf(145064), 1 / 36, 3600, 1.199951171875],
    ['CelebA 100 epochs 1', 1, deltaOf(145064), 1 / 36, 3600, 7.8125],
    ['Camelyon 10', 10, deltaOf(269538), 1 / 66, 3300, 0.8392333984375],
    ['Camelyon 1', 1, deltaOf(269538), 1 / 66, 3300, 4.2578125],
    ['GS-WGAN MNIST 10', 10, mnist, 1 / 1000, 20000, 0.4834747314453125],
    ['DP-Kernel CelebA 1', 1, deltaOf(145064), 1 / 2418, 200002, 1.123046875],
    ['DP-NTK CIFAR 10', 10, deltaOf(45000), 1, 1, 0.557861328125],
    ['DP-NTK CIFAR 1', 1, deltaOf(45000), 1, 1, 4.4140625],
  ])('%s', (_, budget, delta, sampleRate, steps, expected) => {
    const found = noiseMultiplier({ epsilon: budget, delta, sampleRate, steps, ...asReference });
    expect(found).toBeCloseTo(expected, 10);
  });

  it.each([
    ['central images', 1, [[5, 0.11, 5]], 15],
    ['a histogram, absorbed by the tolerance', 10, [[50, 1, 1]], 1.99462890625],
    [
      'frequency and central images 10',
      10,
      [
        [5, 6000 / 55000, 5],
        [7.4, 1, 1],
      ],
      1.99951171875,
    ],
    [
      'frequency and central images 1',
      1,
      [
        [20, 6000 / 55000, 5],
        [26.6, 1, 1],
      ],
      14.84375,
    ],
  ])('MNIST after earlier releases: %s', (_, budget, history, expected) => {
    const steps = (noise: number, rate: number, count: number) =>
      selfComposedEvent(poissonSampledEvent(rate, gaussianEvent(noise)), count);
    const earlier = history.map(([noise, rate, count]) => steps(noise!, rate!, count!));
    const eventFor = (noise: number) => composedEvent([...earlier, steps(noise, 1 / 14, 2100)]);
    expect(calibrate(eventFor, { epsilon: budget, delta: mnist, ...asReference })).toBe(expected);
  });
});

describe('noiseMultiplier, exact Gaussian', () => {
  // Nested root finders of the reference, ten digits; 9.107351925709143 is in a published log.
  it.each([
    ['PE CIFAR-10', 1, deltaOf(45000), 5, 9.107351926],
    ['PE CIFAR-10', 10, deltaOf(45000), 5, 1.181439409],
    ['PE MNIST', 10, mnist, 11, 1.765144677],
    ['PE MNIST', 1, mnist, 10, 13.02533157],
    ['PE F-MNIST', 1, mnist, 11, 13.66108301],
    ['PE Camelyon', 10, deltaOf(269538), 7, 1.486118792],
    ['PE CelebA', 1, deltaOf(145064), 5, 9.694159531],
    ['DP-MERF MNIST', 10, mnist, 1, 0.5322111],
    ['DP-MERF MNIST', 1, mnist, 1, 4.1189715],
    ['DP-MERF CIFAR', 10, deltaOf(45000), 1, 0.5283558],
    ['DP-MERF CIFAR', 1, deltaOf(45000), 1, 4.0729316],
    ['DP-MERF EuroSAT', 10, deltaOf(21000), 1, 0.5134102],
    ['DP-MERF EuroSAT', 1, deltaOf(21000), 1, 3.89374],
    ['DP-MERF CelebA', 10, deltaOf(145064), 1, 0.5504155],
    ['DP-MERF CelebA', 1, deltaOf(145064), 1, 4.3353599],
    ['DP-MERF Camelyon', 10, deltaOf(269538), 1, 0.5617001],
    ['DP-MERF Camelyon', 1, deltaOf(269538), 1, 4.4686837],
    ['any', 1, 1e-5, 1, 3.730632],
    ['any', 10, 1e-5, 1, 0.499889],
    ['any', 1, 1e-5, 5, 8.341946],
  ])('%s, epsilon %d, delta %d, %d releases: %d', (_, budget, delta, steps, expected) => {
    const found = noiseMultiplier({ epsilon: budget, delta, steps, tolerance: 1e-10 });
    const digits = String(expected).split('.')[1]!.length;
    expect(Math.abs(found - expected)).toBeLessThan(1.01 * 10 ** -digits);
  });
});

describe('calibrate', () => {
  it('always lands on the safe side, within the tolerance', () => {
    const settings = fc.record({
      budget: fc.double({ min: 0.05, max: 40, noNaN: true }),
      sampleRate: fc.constantFrom(1, 0.2, 0.01, 0.001),
      steps: fc.integer({ min: 1, max: 5000 }),
      delta: fc.constantFrom(1e-4, 1e-6, 1e-9),
      tolerance: fc.constantFrom(0.1, 1e-3, 1e-5),
      search: fc.constantFrom('fast' as const, 'reference' as const),
    });
    fc.assert(
      fc.property(settings, ({ budget, tolerance, search, ...mechanism }) => {
        const found = noiseMultiplier({ ...mechanism, epsilon: budget, tolerance, search, accountant: 'rdp' });
        const { upper } = epsilon({ ...mechanism, noiseMultiplier: found, accountant: 'rdp' });
        expect(upper).toBeLessThanOrEqual(budget);
        expect(upper).toBeGreaterThanOrEqual(budget - tolerance);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a budget that no noise can keep', () => {
    const eventFor = (noise: number) => composedEvent([gaussianEvent(1), gaussianEvent(noise)]);
    for (const search of ['fast', 'reference'] as const) {
      const attempt = () => calibrate(eventFor, { epsilon: 1, delta: 1e-5, search });
      expect(attempt).toThrow(BudgetError);
      expect(attempt).toThrow(
        /^noiseMultiplier: no noise multiplier up to 1e8 keeps the budget; got 'epsilon 4.377\d+ with the largest', expected at most 1\. Of the fixed parts, each by itself, Gaussian, noise multiplier 1 costs 4\.37718\. Raise/,
      );
    }
  });

  it('returns the least noise that it tries when any noise is enough', () => {
    expect(calibrate(() => ({ kind: 'none' }), { epsilon: 1, delta: 1e-5 })).toBeLessThan(0.01);
  });

  it('refuses bad options by name', () => {
    const call = (change: object) => () => noiseMultiplier({ epsilon: 1, delta: 1e-5, ...change });
    expect(call({ epsilon: -1 })).toThrow(
      'noiseMultiplier: epsilon is out of range; got -1, expected a number above 0.',
    );
    expect(call({ delta: 1 })).toThrow('noiseMultiplier: delta is out of range; got 1');
    expect(call({ sampleRate: 2 })).toThrow('noiseMultiplier: sampleRate is out of range; got 2');
    expect(call({ steps: 1.5 })).toThrow('noiseMultiplier: steps is out of range; got 1.5');
    expect(call({ tolerance: 0 })).toThrow('noiseMultiplier: tolerance is out of range; got 0');
    expect(call({ search: 'quick' })).toThrow("noiseMultiplier: search has no such value; got 'quick'");
    expect(call({ rate: 1 })).toThrow("noiseMultiplier: unknown option; got 'rate'");
    expect(call({ accountant: 'rpd' })).toThrow("accountant: no such name; got 'rpd'");
    expect(call({ epsilon: NaN })).toThrow(OptionError);
  });
});
