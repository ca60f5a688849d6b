/**
 * What a mechanism spent, as plain data: mechanisms make events, accountants read them, neither knows the other.
 * An event is immutable and its meaning never changes; an accountant refuses a kind that it does not know.
 * After "DpEvent" in google/differential-privacy (dp_accounting).
 */
export type PrivacyEvent =
  | NoEvent
  | NonPrivateEvent
  | GaussianEvent
  | PureEpsilonEvent
  | PoissonSampledEvent
  | ComposedEvent
  | SelfComposedEvent;

/** Which datasets count as neighbours: one record more or fewer, or one record exchanged (N public). */
export type NeighbouringRelation = 'add-or-remove-one' | 'replace-one';

/** Nothing was released. */
export interface NoEvent {
  readonly kind: 'none';
}

/** Something was released with no protection: epsilon is infinite. */
export interface NonPrivateEvent {
  readonly kind: 'non-private';
}

/** Gaussian noise of standard deviation `noiseMultiplier` times the L2 sensitivity of what was released. */
export interface GaussianEvent {
  readonly kind: 'gaussian';
  readonly noiseMultiplier: number;
}

/**
 * Any mechanism whose privacy loss is at most `epsilon` whatever comes out: discrete Laplace noise on counts, report noisy
 * max, randomised response.
 */
export interface PureEpsilonEvent {
  readonly kind: 'pure-epsilon';
  readonly epsilon: number;
}

/** `event` on a batch that holds each record with probability `sampleRate`, independently of all others. */
export interface PoissonSampledEvent {
  readonly kind: 'poisson-sampled';
  readonly sampleRate: number;
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

export const gaussianEvent = (noiseMultiplier: number): GaussianEvent => ({ kind: 'gaussian', noiseMultiplier });

export const pureEpsilonEvent = (epsilon: number): PureEpsilonEvent => ({ kind: 'pure-epsilon', epsilon });

export const poissonSampledEvent = (sampleRate: number, event: PrivacyEvent): PoissonSampledEvent => ({
  kind: 'poisson-sampled',
  sampleRate,
  event,
});

export const selfComposedEvent = (event: PrivacyEvent, count: number): SelfComposedEvent => ({
  kind: 'self-composed',
  event,
  count,
});

export const composedEvent = (events: readonly PrivacyEvent[]): ComposedEvent => ({ kind: 'composed', events });

/** One line for tables: `1000 x [Gaussian, noise multiplier 1.1, on a Poisson sample of rate 0.01]`. */
export function describeEvent(event: PrivacyEvent): string {
  switch (event.kind) {
    case 'none':
      return 'nothing';
    case 'non-private':
      return 'a release with no protection';
    case 'gaussian':
      return `Gaussian, noise multiplier ${Number(event.noiseMultiplier.toPrecision(6))}`;
    case 'pure-epsilon':
      return `pure epsilon ${Number(event.epsilon.toPrecision(6))}`;
    case 'poisson-sampled':
      return `${describeEvent(event.event)}, on a Poisson sample of rate ${Number(event.sampleRate.toPrecision(6))}`;
    case 'composed':
      return event.events.map(describeEvent).join('; ');
    case 'self-composed':
      return `${event.count} x [${describeEvent(event.event)}]`;
  }
}
