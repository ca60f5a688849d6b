import { check } from '../core/check.js';
import { OptionError } from '../core/errors.js';
import { releasesOrBracket, type Accountant, type AccountantOptions } from './contract.js';
import { fixedSizeRdp } from './rdp-fixed-size.js';
import { subsampledGaussianRdp } from './rdp-gaussian.js';
import { laplaceRdp, pureRdp } from './rdp-pure.js';
import { spendingOf, sumOfPure, type Release } from './releases.js';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const tenths = range(11, 109).map((n) => n / 10);

/** The orders of the reference implementation (11 is absent there) and the default: wider at both ends. */
const orderSets = {
  reference: [...tenths, ...range(12, 63)],
  wide: [
    ...range(2, 9).map((n) => 1 + n / 100),
    ...tenths,
    ...range(11, 64),
    80,
    96,
    128,
    192,
    256,
    384,
    512,
    768,
    1024,
  ],
} as const;

/** The orders that an option stands for. */
export function rdpOrders(orders: AccountantOptions['orders'] = 'wide'): readonly number[] {
  if (orders === 'wide' || orders === 'reference') return orderSets[orders];
  if (Array.isArray(orders) && orders.length > 0 && orders.every((order) => order > 1 && order < Infinity))
    return orders as readonly number[];
  throw new OptionError({
    asked: 'accountant rdp',
    wrong: 'orders has no such value',
    got: orders,
    expected: 'wide, reference or a list of numbers above 1',
  });
}

/**
 * The epsilon that Renyi divergences `rdp[i]` of order `orders[i]` imply at a delta, and the order that gives it:
 * min over the orders of rdp - (ln delta + ln order) / (order - 1) + ln(1 - 1/order).
 * Canonne, Kamath and Steinke 2020 (arXiv 2004.00010), Proposition 12.
 *
 * @example epsilonFromRdp([2, 8], [0.1, 0.4], 1e-5)   // { epsilon: 1.614…, order: 8 }
 */
export function epsilonFromRdp(
  orders: readonly number[],
  rdp: ArrayLike<number>,
  delta: number,
): { epsilon: number; order: number } {
  let best = { epsilon: Infinity, order: NaN };
  orders.forEach((order, i) => {
    const epsilon = rdp[i]! - Math.log(delta * order) / (order - 1) + Math.log1p(-1 / order);
    if (epsilon < best.epsilon) best = { epsilon, order };
  });
  return { ...best, epsilon: Math.max(0, best.epsilon) };
}

/**
 * delta is at most the total variation, at most sqrt(1 - e^-KL), and KL is at most any RDP above order 1: where that
 * is within delta already, epsilon is 0, which the conversion above cannot show.
 */
const withinDelta = (rdp: ArrayLike<number>, delta: number) =>
  Array.from(rdp).some((divergence) => -Math.expm1(-divergence) < delta * delta);

/** Renyi divergences of one release. */
function divergences(release: Release, orders: readonly number[]): Float64Array {
  switch (release.kind) {
    case 'gaussian':
      return subsampledGaussianRdp(release.sampleRate, release.noiseMultiplier, orders);
    case 'sampled-without-replacement':
      return fixedSizeRdp(release.sampleRate, release.noiseMultiplier, orders);
    case 'laplace':
      return laplaceRdp(release.noiseMultiplier, orders);
    case 'pure-epsilon':
      return pureRdp(release.epsilon, orders);
  }
}

/**
 * Renyi differential privacy (Mironov 2017): Gaussian releases on Poisson samples (under add-or-remove-one), on samples of
 * fixed size (under replace-one) and on all of the data, Laplace releases and mechanisms of pure epsilon. It proves an upper bound only: `lower` is 0, `estimate` equals `upper`.
 */
export const rdp: Accountant = {
  id: 'rdp',
  title: 'Renyi differential privacy (upper bound)',

  refuses: (event) => spendingOf(event).unknown,

  epsilon(event, delta, { orders: asked } = {}) {
    check('probability', 'accountant rdp', { delta });
    const orders = rdpOrders(asked);
    const releases = releasesOrBracket(rdp, event);
    if ('upper' in releases) return releases;
    const total = new Float64Array(orders.length);
    for (const release of releases) {
      const one = divergences(release, orders);
      for (let i = 0; i < total.length; i++) total[i]! += release.count * one[i]!;
    }
    if (asked !== 'reference' && withinDelta(total, delta)) return { lower: 0, estimate: 0, upper: 0 };
    const { epsilon } = epsilonFromRdp(orders, total, delta);
    // Orders that somebody asked for give what these orders give.
    const upper = asked === undefined ? Math.min(epsilon, sumOfPure(releases)) : epsilon;
    return { lower: 0, estimate: upper, upper };
  },
};
