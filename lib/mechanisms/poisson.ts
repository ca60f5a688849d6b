import { check } from '../core/check.js';
import { BudgetError } from '../core/errors.js';
import { poissonSampledEvent, selfComposedEvent, type PrivacyEvent } from '../core/events.js';
import type { SecureStream } from '../core/rng.js';

export interface PoissonSamplingOptions {
  /** Probability that a record is in a batch, in (0, 1]. */
  readonly sampleRate: number;
  /** Batches in all. */
  readonly steps: number;
}

/**
 * Poisson sampling: every record is in every batch with the same probability, by a coin of its own. The object that draws
 * the batches also states the event, so that no loop can be accounted for a sampler that it does not use.
 *
 * A coin is a 53-bit uniform below `sampleRate`: its probability is right to 2^-53. Batches have random sizes, down to 0.
 *
 * @example
 * const sampling = new PoissonSampling({ sampleRate: 1 / 15, steps: 2100 });
 * sampling.event(gaussianEvent(2));   // 2100 x [Gaussian, noise multiplier 2, on a Poisson sample of rate 0.0666667]
 */
export class PoissonSampling {
  readonly sampleRate: number;
  readonly steps: number;

  constructor({ sampleRate, steps }: PoissonSamplingOptions) {
    check('fraction', 'Poisson sampling', { sampleRate });
    check('count', 'Poisson sampling', { steps });
    this.sampleRate = sampleRate;
    this.steps = steps;
    Object.freeze(this);
  }

  /** What all batches cost together, when each releases `perBatch`. */
  event(perBatch: PrivacyEvent): PrivacyEvent {
    return selfComposedEvent(poissonSampledEvent(this.sampleRate, perBatch), this.steps);
  }

  /**
   * Draws the batches of `size` records one after the other, from a stream that nobody can predict.
   *
   * @param drawn batches that the run drew before it was stopped: they are paid for and not drawn again.
   */
  batches(size: number, coins: SecureStream, drawn = 0): PoissonBatches {
    return new PoissonBatches(this, size, coins, drawn);
  }
}

/** One pass through the batches of a plan. Which records are drawn is private. */
export class PoissonBatches {
  readonly #coins: SecureStream;
  #drawn: number;

  constructor(
    readonly sampling: PoissonSampling,
    /** Records to draw from. */
    readonly size: number,
    coins: SecureStream,
    drawn: number,
  ) {
    check('countOrZero', 'Poisson sampling', { size, drawn });
    this.#coins = coins;
    this.#drawn = drawn;
  }

  get drawn(): number {
    return this.#drawn;
  }

  /** The rows of the next batch, in order; throws `BudgetError` when all planned batches were drawn. */
  next(): Uint32Array {
    const { sampleRate, steps } = this.sampling;
    const { size } = this;
    if (this.#drawn >= steps)
      throw new BudgetError({
        asked: 'Poisson sampling',
        wrong: 'every planned batch was drawn, and no more are paid for',
        got: this.#drawn + 1,
        expected: `at most ${steps} batches`,
      });
    this.#drawn++;
    const rows = new Uint32Array(size);
    let count = 0;
    for (let row = 0; row < size; row++) if (this.#coins.uniform() < sampleRate) rows[count++] = row;
    return rows.slice(0, count);
  }
}
