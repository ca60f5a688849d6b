import { BudgetError } from './errors.js';

/**
 * What a mechanism spent, as plain data: mechanisms make events, accountants read them, neither knows the other.
 * An event is immutable and its meaning never changes; an accountant refuses a kind that it does not know.
 * After "DpEvent" in google/differential-privacy (dp_accounting).
 */
export type PrivacyEvent =
  | NoEvent
  | NonPrivateEvent
  | GaussianEvent
  | LaplaceEvent
  | PureEpsilonEvent
  | PoissonSampledEvent
  | SampledWithoutReplacementEvent
  | ComposedEvent
  | SelfComposedEvent;

/** Which datasets count as neighbours: one record more or fewer, or one record exchanged (N public). */
export type NeighbouringRelation = 'add-or-remove-one' | 'replace-one';

/** What every event that adds noise has in common. */
interface Noisy {
  /** Under which relation the sensitivity was taken; absent: `add-or-remove-one`. */
  readonly relation?: NeighbouringRelation;
}

/** Nothing was released. */
export interface NoEvent {
  readonly kind: 'none';
}

/** Something was released with no protection: epsilon is infinite. */
export interface NonPrivateEvent {
  readonly kind: 'non-private';
}

/** Gaussian noise of standard deviation `noiseMultiplier` times the L2 sensitivity of what was released. */
export interface GaussianEvent extends Noisy {
  readonly kind: 'gaussian';
  readonly noiseMultiplier: number;
}

/**
 * Any mechanism whose privacy loss is at most `epsilon` whatever comes out: discrete Laplace noise on counts, report noisy
 * max, randomised response.
 */
export interface PureEpsilonEvent extends Noisy {
  readonly kind: 'pure-epsilon';
  readonly epsilon: number;
}

/** Laplace noise of scale `noiseMultiplier` times the L1 sensitivity of what was released. */
export interface LaplaceEvent extends Noisy {
  readonly kind: 'laplace';
  readonly noiseMultiplier: number;
}

/** `event` on a batch that holds each record with probability `sampleRate`, independently of all others. */
export interface PoissonSampledEvent {
  readonly kind: 'poisson-sampled';
  readonly sampleRate: number;
  readonly event: PrivacyEvent;
}

/** `event` on a batch of exactly `sampleSize` of `populationSize` records, drawn without replacement; under replace-one. */
export interface SampledWithoutReplacementEvent {
  readonly kind: 'sampled-without-replacement';
  readonly sampleSize: number;
  readonly populationSize: number;
  readonly event: PrivacyEvent;
}

/** Several events on the same data, one after the other, each allowed to depend on the earlier results. */
export interface ComposedEvent {
  readonly kind: 'composed';
  readonly events: readonly PrivacyEvent[];
}

/** The same event `count` times. */
export interface SelfComposedEvent {
  readonly kind: 'self-composed';
  readonly event: PrivacyEvent;
  readonly count: number;
}

/** The default relation is not written down, so that equal events are equal data. */
const under = (relation: NeighbouringRelation): Noisy => (relation === 'add-or-remove-one' ? {} : { relation });

export const gaussianEvent = (
  noiseMultiplier: number,
  relation: NeighbouringRelation = 'add-or-remove-one',
): GaussianEvent => ({ kind: 'gaussian', noiseMultiplier, ...under(relation) });

export const laplaceEvent = (
  noiseMultiplier: number,
  relation: NeighbouringRelation = 'add-or-remove-one',
): LaplaceEvent => ({ kind: 'laplace', noiseMultiplier, ...under(relation) });

export const pureEpsilonEvent = (
  epsilon: number,
  relation: NeighbouringRelation = 'add-or-remove-one',
): PureEpsilonEvent => ({ kind: 'pure-epsilon', epsilon, ...under(relation) });

export const poissonSampledEvent = (sampleRate: number, event: PrivacyEvent): PoissonSampledEvent => ({
  kind: 'poisson-sampled',
  sampleRate,
  event,
});

export const sampledWithoutReplacementEvent = (
  sampleSize: number,
  populationSize: number,
  event: PrivacyEvent,
): SampledWithoutReplacementEvent => ({ kind: 'sampled-without-replacement', sampleSize, populationSize, event });

export const selfComposedEvent = (event: PrivacyEvent, count: number): SelfComposedEvent => ({
  kind: 'self-composed',
  event,
  count,
});

export const composedEvent = (events: readonly PrivacyEvent[]): ComposedEvent => ({ kind: 'composed', events });

/**
 * The neighbouring relation of an event; undefined when nothing in it has one. Throws `BudgetError` when two parts differ,
 * or when a sampled part is under a relation for which its sampling gains nothing that an accountant here can show.
 *
 * @example relationOf(composedEvent([gaussianEvent(1), laplaceEvent(2)]))   // 'add-or-remove-one'
 */
export function relationOf(event: PrivacyEvent): NeighbouringRelation | undefined {
  switch (event.kind) {
    case 'gaussian':
    case 'laplace':
    case 'pure-epsilon':
      return event.relation ?? 'add-or-remove-one';
    case 'poisson-sampled':
      return sampledUnder('add-or-remove-one', event);
    case 'sampled-without-replacement':
      return sampledUnder('replace-one', event);
    case 'self-composed':
      return relationOf(event.event);
    case 'composed':
      return event.events.map(relationOf).reduce((one, other) => {
        if (one !== undefined && other !== undefined && one !== other) throw mixed('privacy event', other, one);
        return one ?? other;
      }, undefined);
    default:
      return undefined;
  }
}

function sampledUnder(
  relation: NeighbouringRelation,
  { kind, event }: PoissonSampledEvent | SampledWithoutReplacementEvent,
): NeighbouringRelation {
  const inner = relationOf(event);
  if (inner !== undefined && inner !== relation) throw mixed(`privacy event ${kind}`, inner, relation);
  return relation;
}

const mixed = (asked: string, got: string, expected: string) =>
  new BudgetError({
    asked,
    wrong: 'one event cannot mix neighbouring relations',
    got,
    expected,
    next: 'Analyse all of its parts under one relation.',
  });

/** One line for tables: `1000 x [Gaussian, noise multiplier 1.1, on a Poisson sample of rate 0.01]`. */
export function describeEvent(event: PrivacyEvent): string {
  switch (event.kind) {
    case 'none':
      return 'nothing';
    case 'non-private':
      return 'a release with no protection';
    case 'gaussian':
      return `Gaussian, noise multiplier ${short(event.noiseMultiplier)}${relationWords(event)}`;
    case 'laplace':
      return `Laplace, noise multiplier ${short(event.noiseMultiplier)}${relationWords(event)}`;
    case 'sampled-without-replacement':
      return `${describeEvent(event.event)}, on ${event.sampleSize} of ${event.populationSize} records`;
    case 'pure-epsilon':
      return `pure epsilon ${Number(event.epsilon.toPrecision(6))}`;
    case 'poisson-sampled':
      return `${describeEvent(event.event)}, on a Poisson sample of rate ${short(event.sampleRate)}`;
    case 'composed':
      return event.events.map(describeEvent).join('; ');
    case 'self-composed':
      return `${event.count} x [${describeEvent(event.event)}]`;
  }
}

const short = (value: number) => Number(value.toPrecision(6));
const relationWords = ({ relation }: Noisy) => (relation === undefined ? '' : `, ${relation}`);
