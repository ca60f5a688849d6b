import { check, checkOneOf } from '../core/check.js';
import { OptionError } from '../core/errors.js';
import {
  gaussianEvent,
  pureEpsilonEvent,
  sampledWithoutReplacementEvent,
  selfComposedEvent,
  type NeighbouringRelation,
  type PrivacyEvent,
} from '../core/events.js';
import { PoissonSampling } from './poisson.js';
import type { Released } from './released.js';

/**
 * A release that a method announces in `spends`, before anything runs. Only the functions of this file make one: its event
 * follows from its noise and its sampling, so that a plan cannot state another cost than the release has.
 */
export interface PlannedRelease {
  /** What will be released, in words: `label-wise mean embedding`. */
  readonly of: string;
  readonly mechanism:
    | 'gaussian'
    | 'gaussian-on-samples'
    | 'dp-sgd'
    | 'sharded-critics'
    | 'histogram'
    | 'laplace-histogram'
    | 'noisy-max'
    | 'reuse';
  /** Whether the harness finds the noise for the requested epsilon, or the method fixes it. */
  readonly noise: 'calibrated' | 'fixed';
  readonly relation: NeighbouringRelation;
  /** Largest change between neighbours, in the norm of the mechanism: L2 for Gaussian noise, L1 for Laplace noise. */
  readonly sensitivity: number;
  /** Noise multiplier of Gaussian noise at the harness's free one; the fixed one whatever it is. */
  noiseMultiplier(free: number): number;
  /** Epsilon of a mechanism with Laplace noise. */
  readonly epsilon?: number;
  /** Bins that a record counts in, of a histogram. */
  readonly binsPerRecord?: number;
  /** The part of a division of the data that the release sees (`onPart`); the whole when left out. */
  readonly part?: string;
  readonly division?: string;
  /** Batches that the release is made on; all records when left out. */
  readonly sampling?: PoissonSampling;
  /** Shards of the data that the release asks, and how often. */
  readonly sharding?: Sharding;
  /** What it costs at the harness's free noise multiplier. */
  event(free: number): PrivacyEvent;
}

/** Data divided into shards with a critic each, and who answers a step: all of them, or one that nobody knows. */
export interface Sharding {
  readonly critics: number;
  readonly answering: 'all' | 'one';
  readonly steps: number;
}

interface Common {
  /** What will be released, in words. */
  readonly of: string;
  readonly relation?: NeighbouringRelation;
}

interface GaussianPlan extends Common {
  /** Fixes the noise; left out, the harness finds it. */
  readonly noiseMultiplier?: number;
  /**
   * Noise multiplier in units of the one that the harness finds, which this release then follows whatever the budget is: 1 when left
   * out. A release beside a training of many steps, that is to cost little, takes a multiple.
   */
  readonly timesFree?: number;
}

const made = new WeakSet<object>();

/** Refuses a plan that was written by hand. */
export function checkPlan(plan: readonly PlannedRelease[]): void {
  for (const release of plan)
    if (!made.has(release))
      throw new OptionError({
        asked: 'privacy plan',
        wrong: 'a release that none of the planning functions made',
        got: release.of,
        expected: 'gaussian, gaussianOnSamples, dpSgd, shardedCritics, noisyHistogram, noisyMax or reuse',
      });
}

function plan(release: Omit<PlannedRelease, 'relation'> & { relation?: NeighbouringRelation }): PlannedRelease {
  const { relation = 'add-or-remove-one' } = release;
  checkOneOf(`plan of '${release.of}'`, 'relation', relation, ['add-or-remove-one', 'replace-one']);
  const planned = Object.freeze({ ...release, relation });
  made.add(planned);
  return planned;
}

/** The noise of Gaussian mechanisms: free or fixed. */
function gaussianNoise({ of, noiseMultiplier, timesFree }: GaussianPlan) {
  if (noiseMultiplier !== undefined) check('positive', `plan of '${of}'`, { noiseMultiplier });
  if (timesFree !== undefined) check('positive', `plan of '${of}'`, { timesFree });
  if (noiseMultiplier !== undefined && timesFree !== undefined)
    throw new OptionError({
      asked: `plan of '${of}'`,
      wrong: 'the noise is both fixed (noiseMultiplier) and in units of the free one (timesFree)',
      got: { noiseMultiplier, timesFree },
      expected: 'one of them',
    });
  return {
    noise: noiseMultiplier === undefined ? ('calibrated' as const) : ('fixed' as const),
    noiseMultiplier: (free: number) => noiseMultiplier ?? (timesFree ?? 1) * free,
  };
}

/**
 * Plans one vector with Gaussian noise, computed from all records.
 *
 * @example spends: (_params, { size }) => [gaussian({ of: 'mean embedding', l2Sensitivity: 1 / size })]
 */
export function gaussian(release: GaussianPlan & { readonly l2Sensitivity: number }): PlannedRelease {
  const { of, relation, l2Sensitivity } = release;
  check('positive', `plan of '${of}'`, { l2Sensitivity });
  const noise = gaussianNoise(release);
  const event = (free: number) => gaussianEvent(noise.noiseMultiplier(free), relation);
  return plan({ of, relation, mechanism: 'gaussian', sensitivity: l2Sensitivity, ...noise, event });
}

/**
 * Plans `steps` vectors with Gaussian noise, each computed from a Poisson sample of its own.
 *
 * @example gaussianOnSamples({ of: 'central images', l2Sensitivity: 0.01, sampleRate: 0.1, steps: 5, noiseMultiplier: 5 })
 */
export function gaussianOnSamples(release: SampledPlan & { readonly l2Sensitivity: number }): PlannedRelease {
  check('positive', `plan of '${release.of}'`, { l2Sensitivity: release.l2Sensitivity });
  return onSamples('gaussian-on-samples', release.l2Sensitivity, release);
}

/**
 * Plans training by DP-SGD (Abadi et al. 2016): in each of `steps` Poisson batches the gradients of the records are clipped
 * to `clipNorm` each and added up, and Gaussian noise of deviation `noiseMultiplier * clipNorm` is added to the sum.
 *
 * @example
 * dpSgd({ of: 'network', clipNorm: 1, sampleRate: 512 / size, steps: 450 })   // the harness finds the noise multiplier
 */
export function dpSgd(release: SampledPlan & { readonly clipNorm: number }): PlannedRelease {
  check('positive', `plan of '${release.of}'`, { clipNorm: release.clipNorm });
  return onSamples('dp-sgd', release.clipNorm, release);
}

interface SampledPlan extends GaussianPlan {
  /** Probability of each record to be in a batch. */
  readonly sampleRate: number;
  /** Batches in all. */
  readonly steps: number;
}

function onSamples(
  mechanism: 'gaussian-on-samples' | 'dp-sgd',
  sensitivity: number,
  release: SampledPlan,
): PlannedRelease {
  const { of, relation, sampleRate, steps } = release;
  if (relation === 'replace-one')
    throw new OptionError({
      asked: `plan of '${of}'`,
      wrong: 'Poisson samples have a size of their own, so N is not fixed and replacing a record has no tight analysis',
      got: relation,
      expected: 'add-or-remove-one',
    });
  const noise = gaussianNoise(release);
  const sampling = new PoissonSampling({ sampleRate, steps });
  const event = (free: number) => sampling.event(gaussianEvent(noise.noiseMultiplier(free)));
  return plan({ of, mechanism, sensitivity, sampling, ...noise, event });
}

/**
 * Plans gradients of critics that are trained on disjoint shards of the data and never released themselves (Chen, Orekondy and
 * Fritz 2020): `steps` times the gradients of generated images by the critics that answer, all images of a critic clipped
 * together to `clipNorm` and added up over critics. A record changes one critic, and that critic in any way: the answer moves by
 * at most 2 clipNorm.
 *
 * - `all` critics answer every step: Gaussian noise, `steps` times. A record's shard follows from its content, so that the
 *   relation is add-or-remove-one.
 * - `one` critic answers, drawn in secret with probability 1 / critics: the same on one of so many shards (sampling without
 *   replacement: Wang, Balle and Kasiviswanathan 2019). Shards follow from places, so that the relation is replace-one.
 *
 * @example shardedCritics({ of: 'gradients of critics', critics: 500, answering: 'all', steps: 150, clipNorm: 1 })
 */
export function shardedCritics(
  release: Omit<GaussianPlan, 'relation'> & Sharding & { readonly clipNorm: number },
): PlannedRelease {
  const { of, critics, answering, steps, clipNorm } = release;
  check('count', `plan of '${of}'`, { critics, steps });
  check('positive', `plan of '${of}'`, { clipNorm });
  checkOneOf(`plan of '${of}'`, 'answering', answering, ['all', 'one']);
  const noise = gaussianNoise(release);
  const relation = answering === 'all' ? 'add-or-remove-one' : 'replace-one';
  const step = (free: number) => {
    const event = gaussianEvent(noise.noiseMultiplier(free), relation);
    return answering === 'all' ? event : sampledWithoutReplacementEvent(1, critics, event);
  };
  const event = (free: number) => selfComposedEvent(step(free), steps);
  const sharding = { critics, answering, steps };
  return plan({ of, relation, mechanism: 'sharded-critics', sensitivity: 2 * clipNorm, sharding, ...noise, event });
}

/**
 * Plans a histogram: counts of records, each in at most `binsPerRecord` bins. Gaussian noise by default; `epsilon` fixes
 * discrete Laplace noise of that pure epsilon instead.
 *
 * @example noisyHistogram({ of: 'categories of the private images', noiseMultiplier: 50 })
 */
export function noisyHistogram(
  release: GaussianPlan & { readonly binsPerRecord?: number; readonly epsilon?: number },
): PlannedRelease {
  const { of, relation, binsPerRecord = 1, epsilon, noiseMultiplier } = release;
  check('count', `plan of '${of}'`, { binsPerRecord });
  // Replacing a record takes it from its bins and puts another into as many.
  const changed = relation === 'replace-one' ? 2 * binsPerRecord : binsPerRecord;
  if (epsilon === undefined) {
    const noise = gaussianNoise(release);
    const event = (free: number) => gaussianEvent(noise.noiseMultiplier(free), relation);
    const sensitivity = Math.sqrt(changed);
    return plan({ of, relation, mechanism: 'histogram', sensitivity, binsPerRecord, ...noise, event });
  }
  check('positive', `plan of '${of}'`, { epsilon });
  if (noiseMultiplier !== undefined)
    throw new OptionError({
      asked: `plan of '${of}'`,
      wrong: 'both epsilon (Laplace noise) and noiseMultiplier (Gaussian noise) are given',
      got: { epsilon, noiseMultiplier },
      expected: 'one of them',
    });
  return purePlan({ of, relation, mechanism: 'laplace-histogram', sensitivity: changed, binsPerRecord, epsilon });
}

/**
 * Plans the choice of the candidate with the largest noisy count; only its place is released. The counts may only grow
 * when a record is added (right answers of a classifier do), by at most 1.
 *
 * @example noisyMax({ of: 'classifier and epoch', epsilon: 0.1 })
 */
export function noisyMax(release: Common & { readonly epsilon: number }): PlannedRelease {
  const { of, relation, epsilon } = release;
  check('positive', `plan of '${of}'`, { epsilon });
  return purePlan({ of, relation, mechanism: 'noisy-max', sensitivity: relation === 'replace-one' ? 2 : 1, epsilon });
}

/** Plans the use of something that another run released about the same data: it costs what it cost there. */
export function reuse(released: Released<unknown>): PlannedRelease {
  const { of, event, relation } = released;
  const noiseMultiplier = () => NaN;
  return plan({
    of,
    relation,
    mechanism: 'reuse',
    noise: 'fixed',
    sensitivity: 0,
    noiseMultiplier,
    event: () => event,
  });
}

/**
 * The same release on one part of data that were divided beforehand, by a rule that looks at no other record (by its place, where
 * N is fixed and a record that is removed leaves its place empty): parts of one division cost the dearest of them, not their sum.
 *
 * @example onPart(noisyMax({ of: 'epoch', epsilon: 1 }), { division: '5000 held out', part: 'held out' })
 */
export function onPart(
  release: PlannedRelease,
  { division, part }: { readonly division: string; readonly part: string },
): PlannedRelease {
  checkPlan([release]);
  if (release.relation === 'replace-one')
    throw new OptionError({
      asked: `plan of '${release.of}'`,
      wrong: 'a replaced record may move to another part, so the parts of a division do not compose in parallel',
      got: release.relation,
      expected: 'add-or-remove-one',
    });
  return plan({ ...release, division, part });
}

function purePlan(
  release: Common & Pick<PlannedRelease, 'mechanism' | 'sensitivity' | 'binsPerRecord'> & { readonly epsilon: number },
): PlannedRelease {
  const event = () => pureEpsilonEvent(release.epsilon, release.relation);
  return plan({ ...release, noise: 'fixed', noiseMultiplier: () => NaN, event });
}
