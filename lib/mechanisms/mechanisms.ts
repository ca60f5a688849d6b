import { BudgetError } from '../core/errors.js';
import { gaussianEvent, type NeighbouringRelation, type PrivacyEvent } from '../core/events.js';
import { ProgressTask } from '../core/progress.js';
import type { RandomStream } from '../core/rng.js';
import type { Ledger } from '../privacy/index.js';
import { addGaussianNoise, labelSums, type LabelSumQuery } from './noisy-label-sums.js';
import { openRows, type PublicFacts, type SensitiveImages } from './sensitive.js';

/** A release that a method announces before anything runs; its noise is calibrated by the harness. */
export interface PlannedRelease {
  /** What will be released, in words: `label-wise mean embedding`. */
  readonly of: string;
  readonly mechanism: 'gaussian';
  /** Largest L2 change of the released quantity between neighbours. */
  readonly l2Sensitivity: number;
  readonly relation: NeighbouringRelation;
  /** The event at a noise multiplier. */
  event(noiseMultiplier: number): PrivacyEvent;
}

/** Plans one Gaussian release over the whole dataset. */
export function gaussian(release: {
  of: string;
  l2Sensitivity: number;
  relation?: NeighbouringRelation;
}): PlannedRelease {
  return { relation: 'add-or-remove-one', ...release, mechanism: 'gaussian', event: gaussianEvent };
}

/** Something that was released under privacy, together with what it cost. */
export interface Released<T> {
  readonly value: T;
  readonly of: string;
  readonly event: PrivacyEvent;
}

interface MechanismsOptions {
  readonly sensitive: SensitiveImages;
  readonly plan: readonly PlannedRelease[];
  readonly noiseMultiplier: number;
  readonly ledger: Ledger;
  readonly noise: RandomStream;
  readonly signal?: AbortSignal;
}

/** The only way from a method to private rows: every call adds noise and is charged to the ledger before it looks. */
export class Mechanisms {
  readonly #options: MechanismsOptions;
  #next = 0;

  constructor(options: MechanismsOptions) {
    this.#options = options;
  }

  /** Public by convention: number of records, classes, shape. */
  get facts(): PublicFacts {
    return this.#options.sensitive.facts;
  }

  /**
   * The mean over all N records of `features(x) e_y^T`, `[dimension, classes]`, with Gaussian noise of standard
   * deviation `noiseMultiplier * clipNorm / N`. N is public and fixed, so that adding or removing a record changes the
   * mean by at most `clipNorm / N`.
   */
  async labelMeans(of: string, query: LabelSumQuery): Promise<Released<Float32Array>> {
    const { sensitive, noise, noiseMultiplier, signal } = this.#options;
    const { size, classes } = this.facts;
    const event = this.#charge(of, query.clipNorm / size);
    const task = new ProgressTask(of, size, signal);
    const sums = await labelSums(openRows(sensitive), classes.length, query, task);
    const noisy = addGaussianNoise(sums, noiseMultiplier * query.clipNorm, noise);
    task.done();
    return { value: Float32Array.from(noisy, (value) => value / size), of, event };
  }

  /** Writes a release to the ledger; refuses one that is not the next of the plan. */
  #charge(of: string, l2Sensitivity: number): PrivacyEvent {
    const { plan, ledger, noiseMultiplier } = this.#options;
    const planned = plan[this.#next];
    if (!planned || planned.of !== of || planned.l2Sensitivity < l2Sensitivity)
      throw new BudgetError({
        asked: `release of '${of}'`,
        wrong: 'the method did not declare it in `spends`',
        got: `L2 sensitivity ${l2Sensitivity}`,
        expected: planned ? `'${planned.of}' with L2 sensitivity ${planned.l2Sensitivity}` : 'no further release',
      });
    this.#next++;
    const event = planned.event(noiseMultiplier);
    ledger.record({
      of,
      mechanism: planned.mechanism,
      event,
      relation: planned.relation,
      l2Sensitivity: planned.l2Sensitivity,
      noiseStandardDeviation: noiseMultiplier * l2Sensitivity,
    });
    return event;
  }
}
