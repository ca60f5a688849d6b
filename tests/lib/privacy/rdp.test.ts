import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  composedEvent,
  gaussianEvent,
  laplaceEvent,
  poissonSampledEvent,
  pureEpsilonEvent,
  sampledWithoutReplacementEvent,
  selfComposedEvent,
  type PrivacyEvent,
} from '../../../lib/core/events.js';
import { fixedSizeRdp } from '../../../lib/privacy/rdp-fixed-size.js';
import { subsampledGaussianRdp } from '../../../lib/privacy/rdp-gaussian.js';
import { laplaceRdp, pureRdp } from '../../../lib/privacy/rdp-pure.js';
import { epsilonFromRdp, rdp, rdpOrders } from '../../../lib/privacy/rdp.js';

const golden = JSON.parse(readFileSync(new URL('../../golden/rdp.json', import.meta.url), 'utf8')) as {
  divergences: [rate: number, noise: number, order: number, rdp: number][];
  epsilons: [rate: number, noise: number, steps: number, delta: number, epsilon: number][];
  others: [kind: string, numbers: number[], steps: number, delta: number, epsilon: number][];
};

const mnistDelta = 1 / (55000 * Math.log(55000));

/** [noise multiplier, sampling rate, steps] as the reference writes its history. */
type Spent = readonly [noise: number, rate: number, steps: number];

const eventOf = (history: readonly Spent[]): PrivacyEvent =>
  composedEvent(
    history.map(([noise, rate, steps]) => selfComposedEvent(poissonSampledEvent(rate, gaussianEvent(noise)), steps)),
  );

const reference = (history: readonly Spent[], delta: number) =>
  rdp.epsilon(eventOf(history), delta, { orders: 'reference' }).upper;

const relativeError = (value: number, expected: number) => Math.abs(value - expected) / Math.abs(expected);

describe('subsampledGaussianRdp', () => {
  // The series of the paper, checked by quadrature to the digits printed.
  it.each([
    [0.01, 1, 1.5, 1.27253743e-4],
    [0.01, 1, 2, 1.71813422e-4],
    [0.01, 1, 2.5, 2.17575332e-4],
    [0.01, 1, 8, 8.93643908e-4],
    [0.01, 1, 9.7, 1.21149323e-2],
    [0.01, 1, 32, 11.246275937],
    [1 / 14, 2, 4, 3.01945887e-3],
    [1 / 14, 2, 4.4, 3.35050383e-3],
    [0.001, 0.5, 1.1, 2.385846e-5],
    [0.001, 0.5, 2, 5.35967137e-5],
    [0.001, 0.5, 3.3, 3.23014175e-4],
    [0.1, 5, 10.9, 2.30041263e-3],
    [0.1, 5, 16, 3.44602354e-3],
    [0.5, 1, 2, 0.35737402],
    [0.5, 1, 2.5, 0.510560381],
    [1, 2.5, 10, 0.8],
  ])('rate %d, noise %d, order %d: %d', (rate, noise, order, expected) => {
    const digits = String(expected)
      .replace(/e.*|^0\.0*/g, '')
      .replace('.', '').length;
    expect(relativeError(subsampledGaussianRdp(rate, noise, [order])[0]!, expected)).toBeLessThan(5.01 * 10 ** -digits);
  });

  it('agrees with dp-accounting at whole orders and with quadrature at fractional ones, to 1e-9', () => {
    for (const [rate, noise, order, expected] of golden.divergences) {
      const value = subsampledGaussianRdp(rate, noise, [order])[0]!;
      expect({ rate, noise, order, error: relativeError(value, expected) < 1e-9 }).toMatchObject({ error: true });
    }
  });

  it('meets the closed form of order 2 at any rate, however small', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -8, max: -0.01, noNaN: true }),
        fc.double({ min: -0.5, max: 2, noNaN: true }),
        (logRate, logNoise) => {
          const [rate, noise] = [10 ** logRate, 10 ** logNoise];
          const closed = Math.log1p(rate * rate * Math.expm1(1 / (noise * noise)));
          expect(relativeError(subsampledGaussianRdp(rate, noise, [2])[0]!, closed)).toBeLessThan(1e-11);
          // The quadrature has no special case at whole orders: just beside one it must agree with the sum.
          const beside = subsampledGaussianRdp(rate, noise, [2 + 1e-12])[0]!;
          expect(relativeError(beside, closed)).toBeLessThan(1e-9);
        },
      ),
    );
  });

  // The defining integral by mpmath, 40 digits, as by_quadrature of tests/golden/rdp.py with finer panels about the bend.
  it.each([
    [0.5, 0.19, 1.1, 9.586917692268878],
    [0.01, 0.19, 1.5, 7.019968741273941],
    [1e-5, 0.15, 1.1, 0.0002568175565166526],
    [0.001, 0.1, 3.3, 155.0888728605908],
    [0.3, 0.05, 10.9, 2178.6744137810956],
    [1e-6, 0.1, 1.02, 5.4184893025691164e-5],
    [0.9, 0.02, 2.5, 3124.82439914057],
  ])('little noise: rate %d, noise %d, order %d: %d', (rate, noise, order, expected) => {
    expect(relativeError(subsampledGaussianRdp(rate, noise, [order])[0]!, expected)).toBeLessThan(1e-11);
  });

  it('grows with the order, and stays finite for little noise', () => {
    const values = subsampledGaussianRdp(0.02, 0.7, rdpOrders());
    for (let i = 1; i < values.length; i++) expect(values[i]!).toBeGreaterThan(values[i - 1]!);
    expect(subsampledGaussianRdp(0.5, 0.05, [1.5, 3.3, 10.9]).every(Number.isFinite)).toBe(true);
  });
});

describe('rdp of other releases', () => {
  const eventFor = (kind: string, [a, b, c]: number[]): PrivacyEvent => {
    if (kind === 'laplace') return laplaceEvent(a!);
    if (kind === 'pure') return pureEpsilonEvent(a!);
    return sampledWithoutReplacementEvent(a!, b!, gaussianEvent(c!, 'replace-one'));
  };

  it('agrees with dp-accounting at equal orders, to 1e-9: fixed-size samples, Laplace, pure epsilon', () => {
    const orders = [1.5, 2, 2.5, ...Array.from({ length: 62 }, (_, i) => i + 3)];
    expect(golden.others).toHaveLength(200);
    for (const [kind, numbers, steps, delta, expected] of golden.others) {
      const { upper } = rdp.epsilon(selfComposedEvent(eventFor(kind, numbers), steps), delta, { orders });
      const holds = Math.abs(upper - expected) <= 1e-9 * expected;
      expect({ kind, numbers, steps, delta, upper, expected, holds }).toMatchObject({ holds: true });
    }
  });

  it('keeps the digits of very little Laplace noise and very much, on both sides of its series', () => {
    // ln((a e^((a-1) e) + (a-1) e^(-a e)) / (2a - 1)) / (a - 1) by mpmath, 50 digits
    expect(relativeError(laplaceRdp(1e5, [2])[0]!, 9.999966666416669e-11)).toBeLessThan(1e-13);
    expect(relativeError(laplaceRdp(1 / 0.00499, [2])[0]!, laplaceRdp(1 / 0.00499, [2 + 1e-9])[0]!)).toBeLessThan(2e-9);
    expect(laplaceRdp(1e-3, [64])[0]!).toBeCloseTo(1000, 0);
    expect(pureRdp(800, [3])[0]!).toBeCloseTo(800, 9);
    expect(relativeError(pureRdp(1e-6, [2])[0]!, 1e-12)).toBeLessThan(1e-6);
  });

  it('fixed-size samples: all of the data is one Gaussian, none is free, more cost more', () => {
    const orders = [1.5, 2, 8, 300];
    expect([...fixedSizeRdp(1, 2, orders)]).toEqual(orders.map((order) => order / 8));
    expect([...fixedSizeRdp(0, 2, orders)]).toEqual([0, 0, 0, 0]);
    const [few, many] = [fixedSizeRdp(0.01, 2, orders), fixedSizeRdp(0.02, 2, orders)];
    orders.forEach((_, i) => expect(few[i]!).toBeLessThan(many[i]!));
  });
});

describe('rdp accountant', () => {
  it('agrees with dp-accounting at equal orders, to 1e-9', () => {
    const orders = Array.from({ length: 255 }, (_, i) => i + 2);
    for (const [rate, noise, steps, delta, expected] of golden.epsilons) {
      const { upper } = rdp.epsilon(eventOf([[noise, rate, steps]]), delta, { orders });
      expect({ rate, noise, steps, delta, error: Math.abs(upper - expected) <= 1e-9 * expected }).toMatchObject({
        error: true,
      });
    }
  });

  // Printed numbers of the reference's orders.
  it.each<[Spent[], number, number]>([
    [[[1, 0.01, 1000]], 1e-5, 2.101365],
    [[[4, 0.01, 10000]], 1e-5, 1.03549],
    [[[1.1, 256 / 60000, 14062]], 1e-5, 2.596556],
    [[[50, 1, 1]], mnistDelta, 0.144375],
    [[[5, 6000 / 55000, 5]], mnistDelta, 0.236555],
    [[[0.5, 1, 1]], 1e-5, 10.72551],
    [[[1, 1, 1]], 1e-5, 4.728507],
    [[[2, 1, 1]], 1e-5, 2.165716],
    [[[4, 1, 1]], 1e-5, 1.012551],
    [[[1.99462890625, 1 / 14, 2100]], mnistDelta, 9.992675],
    [[[1.8994140625, 1 / 14, 2100]], mnistDelta, 10.683033],
  ])('history %j at delta %d: %d', (history, delta, expected) => {
    expect(reference(history, delta)).toBeCloseTo(expected, 6);
  });

  it('takes a list of orders', () => {
    const orders = Array.from({ length: 31 }, (_, i) => i + 2);
    const history: Spent[] = [
      [1, 1e-5, 10],
      [3, 1e-4, 4],
    ];
    expect(rdp.epsilon(eventOf(history), 1e-5, { orders }).upper).toBeCloseTo(0.336344, 6);
    expect(() => rdpOrders([1])).toThrow(
      'accountant rdp: orders has no such value; got [1], expected wide, reference or a list of numbers above 1.',
    );
  });

  // Epsilon after an epoch of 14 steps, as published logs of the reference print it.
  it.each([
    [1, 0.8691],
    [2, 1.1293],
    [3, 1.3393],
    [4, 1.5222],
    [5, 1.6851],
    [10, 2.3462],
    [20, 3.3255],
    [30, 4.1076],
    [50, 5.3989],
    [75, 6.745],
    [100, 7.924],
    [125, 8.996],
    [150, 9.9927],
  ])('MNIST at epsilon 10 after %d epochs: %d', (epochs, expected) => {
    expect(reference([[1.99462890625, 1 / 14, 14 * epochs]], mnistDelta)).toBeCloseTo(expected, 4);
  });

  it('is never tightened by fewer orders, and finds 0 where delta alone is enough', () => {
    const event = eventOf([[3, 0.01, 500]]);
    expect(rdp.epsilon(event, 1e-6).upper).toBeLessThanOrEqual(reference([[3, 0.01, 500]], 1e-6));
    expect(rdp.epsilon(gaussianEvent(1e7), 1e-6).upper).toBe(0);
    expect(rdp.epsilon(gaussianEvent(1e5), 1e-6)).toMatchObject({ lower: 0 });
  });

  it('shows which order gives the conversion', () => {
    expect(epsilonFromRdp([2, 8], [0.1, 0.4], 1e-5)).toEqual({ epsilon: expect.closeTo(1.614, 2) as number, order: 8 });
  });
});
