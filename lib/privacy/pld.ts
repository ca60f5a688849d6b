import { check } from '../core/check.js';
import type { PrivacyEvent } from '../core/events.js';
import { releasesOrBracket, type Accountant, type EpsilonBracket } from './contract.js';
import { gaussianEpsilon } from './gaussian.js';
import { bracketOf } from './pld-bracket.js';
import { gaussianPair, laplacePair, purePair, type OutputPair } from './pld-pair.js';
import { rdp } from './rdp.js';
import { jointNoiseMultiplier, spendingOf, sumOfPure, type GaussianRelease, type Release } from './releases.js';

/**
 * Privacy loss distributions: the whole distribution of the privacy loss, on a grid, for adding and for removing a
 * record, composed by Fourier transform. It gives a true bracket: `upper` comes from a mechanism that is never more
 * private, `lower` from one that is never less; both include what truncation and rounding may cost. The bracket is at
 * most 1 % of epsilon wide. Full-batch Gaussian noise alone is exact.
 *
 * Delta may be as small as 1e-12 and steps as many as 1e6: losses are weighted before the transform so that its errors
 * are relative to delta (see pld-compose.ts). Sources: pld-grid.ts, pld-merge.ts, pld-compose.ts; dp-accounting and
 * prv_accountant agree (tests).
 */
export const pld: Accountant = {
  id: 'pld',
  title: 'Privacy loss distributions (tight lower and upper bound)',

  refuses(event) {
    const { releases, unknown } = spendingOf(event);
    // No pair of distributions is known that dominates a sample of fixed size closely.
    return unknown ?? releases.find((release) => release.kind === 'sampled-without-replacement')?.kind;
  },

  epsilon: (event, delta) => bracket(event, delta, true),

  upper: (event, delta) => bracket(event, delta, false).upper,
};

function bracket(event: PrivacyEvent, delta: number, withBelow: boolean): EpsilonBracket {
  check('probability', 'accountant pld', { delta });
  const releases = releasesOrBracket(pld, event);
  if ('upper' in releases) return releases;
  const isWhole = (release: Release) => release.kind === 'gaussian' && release.sampleRate === 1;
  const others = releases.filter((release) => !isWhole(release));
  const whole = releases.filter((release): release is GaussianRelease => isWhole(release));
  if (others.length === 0) return gaussianEpsilon(1 / jointNoiseMultiplier(whole), delta);

  const steps = 1 + others.reduce((sum, { count }) => sum + count, 0);
  const tail = (1e-6 * delta) / steps;
  const parts = others.map((release) => ({ pair: pairOf(release, tail), count: release.count }));
  if (whole.length > 0) parts.push({ pair: gaussianPair(1, jointNoiseMultiplier(whole), tail), count: 1 });
  const found = atMost(bracketOf(parts, delta, withBelow), sumOfPure(releases));
  if (found.upper > 0.01 && found.upper < Infinity) return found;
  // Next to nothing, or nothing found: a bound by RDP is as good, and shows where delta alone is enough.
  const upper = Math.min(found.upper, rdp.epsilon(event, delta).upper);
  const lower = Math.min(found.lower, upper);
  return { lower, estimate: Math.min(Math.max(found.estimate, lower), upper), upper };
}

/** A grid may round pure epsilons above their sum. */
function atMost({ lower, estimate, upper }: EpsilonBracket, most: number): EpsilonBracket {
  return { lower: Math.min(lower, most), estimate: Math.min(estimate, most), upper: Math.min(upper, most) };
}

function pairOf(release: Release, tail: number): OutputPair {
  switch (release.kind) {
    case 'gaussian':
      return gaussianPair(release.sampleRate, release.noiseMultiplier, tail);
    case 'laplace':
      return laplacePair(release.noiseMultiplier);
    case 'pure-epsilon':
      return purePair(release.epsilon);
    case 'sampled-without-replacement':
      throw new TypeError(`the pld accountant refuses ${release.kind}`);
  }
}
