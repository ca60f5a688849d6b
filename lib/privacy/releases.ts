import { OptionError } from '../core/errors.js';
import { relationOf, type PrivacyEvent } from '../core/events.js';

/** `count` Gaussian releases, each on a Poisson sample of the data (`sampleRate` 1: on all of it). */
export interface GaussianRelease {
  readonly kind: 'gaussian';
  readonly noiseMultiplier: number;
  readonly sampleRate: number;
  readonly count: number;
}

/** `count` Gaussian releases, each on a share `sampleRate` of the records, drawn without replacement. */
export interface FixedSizeRelease {
  readonly kind: 'sampled-without-replacement';
  readonly noiseMultiplier: number;
  readonly sampleRate: number;
  readonly count: number;
}

/** `count` Laplace releases on all of the data. */
export interface LaplaceRelease {
  readonly kind: 'laplace';
  readonly noiseMultiplier: number;
  readonly count: number;
}

/** `count` releases of pure epsilon. */
export interface PureRelease {
  readonly kind: 'pure-epsilon';
  readonly epsilon: number;
  readonly count: number;
}

/** What the accountants here understand. */
export type Release = GaussianRelease | FixedSizeRelease | LaplaceRelease | PureRelease;

/** An event taken apart: its releases, or Infinity, or the part that is not understood. */
export interface Spending {
  /** Equal releases are merged and the order is fixed, so that the order of composition cannot matter. */
  readonly releases: readonly Release[];
  /** True when some part has no protection at all. */
  readonly nonPrivate: boolean;
  /** The first part that nothing here understands, by name. */
  readonly unknown?: string;
}

/**
 * Takes an event apart. Exact: two Poisson samples of one another are one, Gaussians on one sample are one Gaussian.
 * Throws `BudgetError` when neighbouring relations are mixed, `OptionError` for a number out of range.
 */
export function spendingOf(event: PrivacyEvent): Spending {
  const parts: Parts = { releases: new Map(), nonPrivate: false };
  collect(event, 1, parts);
  if (parts.unknown === undefined) relationOf(event);
  const sorted = [...parts.releases].sort(([a], [b]) => (a < b ? -1 : 1));
  return { releases: sorted.map(([, release]) => release), nonPrivate: parts.nonPrivate, unknown: parts.unknown };
}

/** The one noise multiplier that some full-batch Gaussian releases amount to: 1/z^2 = sum count_i / z_i^2. */
export function jointNoiseMultiplier(releases: readonly { noiseMultiplier: number; count: number }[]): number {
  return 1 / Math.sqrt(releases.reduce((sum, r) => sum + r.count / r.noiseMultiplier ** 2, 0));
}

interface Parts {
  readonly releases: Map<string, Release>;
  nonPrivate: boolean;
  unknown?: string;
}

function collect(event: PrivacyEvent, count: number, parts: Parts): void {
  switch (event.kind) {
    case 'none':
      return;
    case 'non-private':
      parts.nonPrivate ||= count > 0;
      return;
    case 'gaussian':
      return add({ kind: 'gaussian', noiseMultiplier: event.noiseMultiplier, sampleRate: 1, count }, parts);
    case 'laplace':
      return add({ kind: 'laplace', noiseMultiplier: event.noiseMultiplier, count }, parts);
    case 'pure-epsilon':
      return addPure(event.epsilon, count, parts);
    case 'composed':
      return event.events.forEach((inner) => collect(inner, count, parts));
    case 'self-composed':
      requireNumber('count', event.count, 'a whole number of at least 0', Number.isSafeInteger(event.count));
      return collect(event.event, count * event.count, parts);
    case 'poisson-sampled':
      requireNumber('sampleRate', event.sampleRate, 'a number from 0 to 1', event.sampleRate <= 1);
      return sample('gaussian', event.sampleRate, event.event, count, parts);
    case 'sampled-without-replacement':
      return sample('sampled-without-replacement', shareOf(event), event.event, count, parts);
    default:
      parts.unknown ??= String((event as { kind?: unknown } | null)?.kind);
  }
}

/** A sample of something: of Gaussians on all of the data, or a Poisson sample of a Poisson sample. */
function sample(
  kind: 'gaussian' | 'sampled-without-replacement',
  sampleRate: number,
  event: PrivacyEvent,
  count: number,
  parts: Parts,
): void {
  const inner = spendingOf(event);
  if (inner.unknown !== undefined) {
    parts.unknown ??= inner.unknown;
    return;
  }
  if (sampleRate === 0 || count === 0) return;
  parts.nonPrivate ||= inner.nonPrivate;
  const gaussians = inner.releases.filter((release) => release.kind === 'gaussian');
  const [first] = gaussians;
  const strange = inner.releases.find((release) => release.kind !== 'gaussian');
  const words = kind === 'gaussian' ? 'poisson-sampled' : kind;
  if (strange) parts.unknown ??= `${words} ${strange.kind}`;
  else if (!first) return;
  else if (gaussians.every((release) => release.sampleRate === 1))
    add({ kind, noiseMultiplier: jointNoiseMultiplier(gaussians), sampleRate, count }, parts);
  else if (kind === 'gaussian' && gaussians.length === 1 && first.count === 1)
    add({ ...first, sampleRate: sampleRate * first.sampleRate, count }, parts);
  else parts.unknown ??= `${words} composition of poisson-sampled events`;
}

function shareOf({ sampleSize, populationSize }: { sampleSize: number; populationSize: number }): number {
  const isCount = Number.isSafeInteger(populationSize) && populationSize >= 1;
  requireNumber('populationSize', populationSize, 'a whole number of at least 1', isCount);
  const fits = Number.isSafeInteger(sampleSize) && sampleSize <= populationSize;
  requireNumber('sampleSize', sampleSize, 'a whole number from 0 to populationSize', fits);
  return sampleSize / populationSize;
}

function add(release: Exclude<Release, PureRelease>, parts: Parts): void {
  const { noiseMultiplier, count } = release;
  if (noiseMultiplier !== Infinity)
    requireNumber('noiseMultiplier', noiseMultiplier, 'a number of at least 0', noiseMultiplier >= 0);
  if (count === 0 || noiseMultiplier === Infinity) return;
  if (noiseMultiplier === 0) parts.nonPrivate = true;
  else merge(release, parts);
}

function addPure(epsilon: number, count: number, parts: Parts): void {
  if (epsilon !== Infinity) requireNumber('epsilon', epsilon, 'a number of at least 0', epsilon >= 0);
  if (count === 0 || epsilon === 0) return;
  if (epsilon === Infinity) parts.nonPrivate = true;
  else merge({ kind: 'pure-epsilon', epsilon, count }, parts);
}

/** Equal releases are one of a higher count. */
function merge(release: Release, parts: Parts): void {
  const key = JSON.stringify({ ...release, count: undefined });
  parts.releases.set(key, { ...release, count: release.count + (parts.releases.get(key)?.count ?? 0) });
}

function requireNumber(name: string, value: unknown, expected: string, holds: boolean): void {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0 && holds) return;
  throw new OptionError({ asked: 'privacy event', wrong: `${name} is out of range`, got: value, expected });
}

/**
 * What releases of pure epsilon and of Laplace noise cost together at the most, whatever delta is: the sum (Dwork and Roth 2014,
 * Theorem 3.14). Infinity when there is any other.
 */
export function sumOfPure(releases: readonly Release[]): number {
  return releases.reduce((sum, release) => {
    if (release.kind === 'pure-epsilon') return sum + release.count * release.epsilon;
    if (release.kind === 'laplace') return sum + release.count / release.noiseMultiplier;
    return Infinity;
  }, 0);
}
