import { OptionError } from '../core/errors.js';
import type { PrivacyEvent } from '../core/events.js';

/**
 * What every accountant here understands: `count` Gaussian releases of one kind, each on a Poisson sample of the data
 * (`sampleRate` 1: on all of it).
 */
export interface Release {
  readonly noiseMultiplier: number;
  readonly sampleRate: number;
  readonly count: number;
}

/** An event taken apart: its Gaussian releases, or Infinity, or the part that is not understood. */
export interface Spending {
  /** Equal releases are merged and the order is fixed, so that the order of composition cannot matter. */
  readonly releases: readonly Release[];
  /** True when some part has no protection at all. */
  readonly nonPrivate: boolean;
  /** The first part that nothing here understands, by name. */
  readonly unknown?: string;
}

/** Takes an event apart. Exact: two Poisson samples of one another are one, Gaussians on one sample are one Gaussian. */
export function spendingOf(event: PrivacyEvent): Spending {
  const parts: Part = { releases: new Map(), nonPrivate: false };
  collect(event, 1, parts);
  const releases = [...parts.releases.values()].sort(
    (a, b) => a.sampleRate - b.sampleRate || a.noiseMultiplier - b.noiseMultiplier,
  );
  return { releases, nonPrivate: parts.nonPrivate, unknown: parts.unknown };
}

/** The one noise multiplier that some full-batch Gaussian releases amount to: 1/z^2 = sum count_i / z_i^2. */
export function jointNoiseMultiplier(releases: readonly Release[]): number {
  return 1 / Math.sqrt(releases.reduce((sum, r) => sum + r.count / r.noiseMultiplier ** 2, 0));
}

interface Part {
  readonly releases: Map<string, Release>;
  nonPrivate: boolean;
  unknown?: string;
}

function collect(event: PrivacyEvent, count: number, parts: Part): void {
  switch (event.kind) {
    case 'none':
      return;
    case 'non-private':
      parts.nonPrivate ||= count > 0;
      return;
    case 'gaussian':
      return add({ noiseMultiplier: event.noiseMultiplier, sampleRate: 1, count }, parts);
    case 'composed':
      return event.events.forEach((inner) => collect(inner, count, parts));
    case 'self-composed':
      requireNumber('count', event.count, 'a whole number of at least 0', Number.isSafeInteger(event.count));
      return collect(event.event, count * event.count, parts);
    case 'poisson-sampled':
      return sample(event.sampleRate, event.event, count, parts);
    default:
      parts.unknown ??= String((event as { kind?: unknown } | null)?.kind);
  }
}

/** A Poisson sample of something: of one release (of any rate) or of several Gaussians on the same sample. */
function sample(sampleRate: number, event: PrivacyEvent, count: number, parts: Part): void {
  requireNumber('sampleRate', sampleRate, 'a number from 0 to 1', sampleRate <= 1);
  const inner = spendingOf(event);
  if (inner.unknown !== undefined) {
    parts.unknown ??= inner.unknown;
    return;
  }
  if (sampleRate === 0 || count === 0) return;
  parts.nonPrivate ||= inner.nonPrivate;
  const [first, ...others] = inner.releases;
  if (!first) return;
  if (inner.releases.every((release) => release.sampleRate === 1))
    return add({ noiseMultiplier: jointNoiseMultiplier(inner.releases), sampleRate, count }, parts);
  if (others.length === 0 && first.count === 1)
    return add({ ...first, sampleRate: sampleRate * first.sampleRate, count }, parts);
  parts.unknown ??= 'poisson-sampled composition of poisson-sampled events';
}

function add(release: Release, parts: Part): void {
  const { noiseMultiplier, sampleRate, count } = release;
  if (noiseMultiplier !== Infinity)
    requireNumber('noiseMultiplier', noiseMultiplier, 'a number of at least 0', noiseMultiplier >= 0);
  if (count === 0 || noiseMultiplier === Infinity) return;
  if (noiseMultiplier === 0) {
    parts.nonPrivate = true;
    return;
  }
  const key = `${noiseMultiplier} ${sampleRate}`;
  parts.releases.set(key, { ...release, count: count + (parts.releases.get(key)?.count ?? 0) });
}

function requireNumber(name: string, value: unknown, expected: string, holds: boolean): void {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0 && holds) return;
  throw new OptionError({ asked: 'privacy event', wrong: `${name} is out of range`, got: value, expected });
}
