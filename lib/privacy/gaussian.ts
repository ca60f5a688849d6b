import { check } from '../core/check.js';
import { exactly, releasesOrBracket, type Accountant, type EpsilonBracket } from './contract.js';
import { logNormalCdf } from './log-erfc.js';
import { jointNoiseMultiplier, spendingOf } from './releases.js';

/**
 * The exact privacy of full-batch Gaussian noise: releases of noise multipliers z_i compose to one Gaussian shift
 * mu = sqrt(sum 1/z_i^2), with delta(epsilon) = Phi(mu/2 - epsilon/mu) - e^epsilon Phi(-mu/2 - epsilon/mu).
 * Balle and Wang 2018 (arXiv 1805.06530), Theorem 8; Dong, Roth and Su 2019 (arXiv 1905.02383), Corollary 2.13.
 */

/**
 * The smallest delta at which a Gaussian shift `mu` (1 / noise multiplier) is (epsilon, delta)-private.
 *
 * @example gaussianDelta(1, 4.377178)   // 1.0000e-5
 */
export function gaussianDelta(mu: number, epsilon: number): number {
  const above = logNormalCdf(mu / 2 - epsilon / mu);
  const below = epsilon + logNormalCdf(-mu / 2 - epsilon / mu);
  return below >= above ? 0 : Math.exp(above) * -Math.expm1(below - above);
}

/** The epsilon of a Gaussian shift `mu` at a delta: exact, the bracket is the last interval of the root search. */
export function gaussianEpsilon(mu: number, delta: number): EpsilonBracket {
  if (gaussianDelta(mu, 0) <= delta) return exactly(0);
  let lower = 0;
  let upper = 1;
  while (gaussianDelta(mu, upper) > delta) [lower, upper] = [upper, 2 * upper];
  for (;;) {
    const middle = (lower + upper) / 2;
    if (middle - lower <= 1e-13 * upper) break;
    if (gaussianDelta(mu, middle) > delta) lower = middle;
    else upper = middle;
  }
  // delta(epsilon) is a difference of two numbers of full relative accuracy; what rounding may cost is added at both ends.
  const rounding = 1e-12 * Math.max(upper, mu);
  return { lower: Math.max(0, lower - rounding), estimate: (lower + upper) / 2, upper: upper + rounding };
}

/** Full-batch Gaussian releases, exactly; it refuses anything on a sample of the data. */
export const gdp: Accountant = {
  id: 'gdp',
  title: 'Gaussian differential privacy (exact for full-batch Gaussian noise)',

  refuses(event) {
    const { releases, unknown } = spendingOf(event);
    if (unknown !== undefined) return unknown;
    const strange = releases.find((release) => release.kind !== 'gaussian');
    if (strange) return strange.kind;
    // The central limit formula for samples can under-report epsilon, so it is not offered.
    return releases.some((release) => release.kind === 'gaussian' && release.sampleRate < 1)
      ? 'poisson-sampled'
      : undefined;
  },

  epsilon(event, delta) {
    check('probability', 'accountant gdp', { delta });
    const releases = releasesOrBracket(gdp, event);
    if ('upper' in releases) return releases;
    return gaussianEpsilon(1 / jointNoiseMultiplier(releases.filter((release) => release.kind === 'gaussian')), delta);
  },
};
