import { check } from '../core/check.js';
import { BudgetError, OptionError } from '../core/errors.js';
import { ProgressTask } from '../core/progress.js';
import { SecureStream } from '../core/rng.js';
import type { Tensor, Tensor4D } from '../tensor/index.js';
import { Charging, type ChargingOptions, type Request } from './charging.js';
import { addDiscreteLaplace, binCounts, rightAnswers, type BinQuery } from './counts.js';
import { DpSgd, recordGradient, type DpSgdQuery } from './dp-sgd/dp-sgd.js';
import { LabelMeans } from './label-means.js';
import type { LabelSumQuery } from './label-sums.js';
import { addPlannedGaussian, workWhole } from './paid-work.js';
import { openReleased, type Released } from './released.js';
import { checkCriticsApart } from './sharded-critics/apart.js';
import type { CriticsQuery } from './sharded-critics/critics-query.js';
import { ShardedCritics } from './sharded-critics/sharded-critics.js';
import { openRows, type PublicFacts, type SensitiveImages } from './sensitive.js';

interface MechanismsOptions extends ChargingOptions {
  readonly sensitive: SensitiveImages;
  readonly noise: SecureStream;
  readonly signal?: AbortSignal;
  /** The part of a division that the rows are (`onPart`); they are the whole when left out. */
  readonly part?: string;
  /** The plan's course so far, where several parts of divided data share one plan and one ledger. */
  readonly charging?: Charging;
}

/**
 * The only way from a method to private rows: every call adds noise and is charged to the ledger before it looks. A failure
 * anywhere, of randomness too, throws: there is no result without noise.
 */
export class Mechanisms {
  readonly #options: MechanismsOptions;
  readonly #charging: Charging;
  readonly #labelMeans: LabelMeans;

  constructor(options: MechanismsOptions) {
    this.#charging = options.charging ?? new Charging(options);
    if (!(options.noise instanceof SecureStream))
      throw new OptionError({
        asked: 'mechanisms',
        wrong: 'the noise does not come from a secure stream, so it could be subtracted',
        expected: 'a SecureStream',
      });
    this.#options = options;
    const { sensitive, noise, signal, part } = options;
    const door = { facts: sensitive.facts, charging: this.#charging, noise };
    this.#labelMeans = new LabelMeans({
      ...door,
      rows: () => this.#rows(),
      ...(signal && { signal }),
      ...(part !== undefined && { part }),
    });
  }

  /** Public by convention: number of records, classes, shape. */
  get facts(): PublicFacts {
    return this.#options.sensitive.facts;
  }

  /**
   * The mean over all N records of `features(x) e_y^T`, `[dimension, classes]`, with Gaussian noise of standard
   * deviation `noiseMultiplier * clipNorm / N`. N is public and fixed, so that adding or removing a record changes the
   * mean by at most `clipNorm / N` (replacing one: twice that).
   */
  labelMeans(of: string, query: LabelSumQuery): Promise<Released<Float32Array>> {
    return this.#labelMeans.ofAll(of, query);
  }

  /**
   * The same over Poisson samples, one matrix for each planned step. The divisor is the expected size of a batch,
   * `sampleRate * N`, never the size that came out; an empty batch is noise alone.
   */
  sampledLabelMeans(of: string, query: LabelSumQuery): Promise<Released<readonly Float32Array[]>> {
    return this.#labelMeans.ofSamples(of, query);
  }

  /**
   * The average of what `sampledLabelMeans` releases, in the memory of one matrix and at the same cost: each step has a
   * batch and noise of its own. A loss that is the squared distance to every one of the matrices has the gradient of
   * that to their average.
   */
  averageOfSampledLabelMeans(of: string, query: LabelSumQuery): Promise<Released<Float32Array>> {
    return this.#labelMeans.averageOfSamples(of, query);
  }

  /**
   * Training by DP-SGD: gives what draws the planned batches one after the other and makes a noisy mean gradient of each.
   * All planned batches are charged at once, before the first; a resumed run goes on after the last one that was begun.
   *
   * @example
   * const training = own(await mechanisms.dpSgd('network', { losses, parameters, microBatch: 64 }));
   * while (training.step < training.steps) adam.apply(await training.next(), learningRate);
   */
  async dpSgd(of: string, query: DpSgdQuery): Promise<DpSgd> {
    const request = this.#request({ of, mechanism: 'dp-sgd', arithmetic: 'rounded' });
    check('count', `release of '${of}'`, { size: this.facts.size }); // it is a divisor
    const { sensitivity: clipNorm } = this.#charging.planned(request);
    const gradient = await recordGradient(of, query, { clipNorm, facts: this.facts });
    try {
      const { planned, index } = this.#charging.charge(request);
      const { noise, journal, signal } = this.#options;
      const { steps } = planned.sampling!;
      return new DpSgd(gradient, query, {
        rows: this.#rows(),
        facts: this.facts,
        batches: planned.sampling!.batches(this.#rows().count, noise, journal?.begunSteps(index)),
        noiseMultiplier: planned.noiseMultiplier(this.#charging.free),
        noise,
        beforeBatch: (step) => journal?.begun(index, step),
        task: new ProgressTask(of, steps, signal),
      });
    } catch (error) {
      gradient.dispose();
      throw error;
    }
  }

  /**
   * Critics that are trained on disjoint shards of the records and stay here; what leaves are noisy gradients of their scores by
   * generated images, one for each planned step. All planned steps are charged at once, before the first; a resumed run trains
   * new critics and goes on after the last step that was begun.
   *
   * @example
   * const critics = own(await mechanisms.shardedCritics('gradients of critics', { critics: denseCritics({ … }), … }));
   * while (critics.step < critics.steps) { await critics.update(fakes, 2); const slopes = await critics.next(images, labels); … }
   */
  async shardedCritics(of: string, query: CriticsQuery): Promise<ShardedCritics> {
    const request = this.#request({ of, mechanism: 'sharded-critics' });
    check('positive', `release of '${of}'`, { learningRate: query.learningRate });
    check('count', `release of '${of}'`, { batchSize: query.batchSize });
    const { sharding } = this.#charging.planned(request);
    if (sharding!.answering === 'all') await checkCriticsApart(of, query, this.facts);
    const { planned, index } = this.#charging.charge(request);
    const { noise, journal, signal } = this.#options;
    return new ShardedCritics(query, {
      rows: this.#rows(),
      facts: this.facts,
      planned,
      noiseMultiplier: planned.noiseMultiplier(this.#charging.free),
      noise,
      begunSteps: journal?.begunSteps(index) ?? 0,
      beforeStep: (step) => journal?.begun(index, step),
      task: new ProgressTask(of, planned.sharding!.steps, signal),
    });
  }

  /**
   * Counts of records in bins, with exact discrete noise (Gaussian, or Laplace when the plan fixes an epsilon), as whole
   * numbers that may be negative: `[bins]`, or `[classes, bins]` flat.
   *
   * Gaussian noise is drawn on a fine lattice and the sum rounded, not on the whole numbers: rounding costs nothing, and the
   * cost is then exactly the Gaussian's, while a discrete Gaussian of deviation 1 on whole numbers costs epsilon 4.430 where
   * the Gaussian costs 4.377 (delta 1e-5).
   *
   * Once it is paid for it is made: an abort is noticed before it and after it, so that none of the budget is lost.
   */
  async histogram(of: string, query: BinQuery): Promise<Released<Int32Array>> {
    const { size, classes } = this.facts;
    const { part } = this.#options;
    const { mechanism: planned } = this.#charging.planned({ of, part });
    const mechanism = planned === 'laplace-histogram' ? 'laplace-histogram' : 'histogram';
    this.#options.signal?.throwIfAborted();
    return this.#charging.once(this.#request({ of, mechanism }), async (planned) => {
      const { binsPerRecord = 1, sensitivity, epsilon } = planned;
      const counts = await workWhole(of, size, (task) =>
        binCounts(this.#rows(), classes.length, query, binsPerRecord, task),
      );
      const { noise } = this.#options;
      const noisy =
        epsilon === undefined
          ? addPlannedGaussian(counts, { planned, divisor: 1, free: this.#charging.free, noise })
          : addDiscreteLaplace(counts, { epsilon, l1Sensitivity: sensitivity }, noise);
      return Int32Array.from(noisy, Math.round);
    });
  }

  /**
   * The place of the candidate that classifies most records rightly, after discrete Laplace noise of scale 1 / epsilon on
   * each count (2 / epsilon under replace-one). Only the place is released, so the number of candidates costs nothing
   * (Dwork and Roth 2014, Claim 3.9; the proof holds for discrete noise and ties that go to the first).
   *
   * @example
   * const best = await mechanisms.noisyMax('classifier', { candidates: networks.map((network) => (x) => network.classes(x)) });
   */
  async noisyMax(
    of: string,
    query: {
      /** Class of each image: `[batch, height, width, channels]` in [0, 1] to `[batch]`. */
      readonly candidates: readonly ((images: Tensor4D) => Tensor)[];
      readonly batchSize?: number;
    },
  ): Promise<Released<number>> {
    const { candidates, batchSize } = query;
    if (candidates.length === 0)
      throw new BudgetError({
        asked: `release of '${of}'`,
        wrong: 'there are no candidates',
        expected: 'one at least',
      });
    this.#options.signal?.throwIfAborted(); // before it is paid for: once it is, it is made
    return this.#charging.once(this.#request({ of, mechanism: 'noisy-max' }), async (planned) => {
      const right = await workWhole(of, this.facts.size, (task) =>
        rightAnswers(this.#rows(), candidates, task, batchSize),
      );
      const noise = { epsilon: planned.epsilon!, l1Sensitivity: planned.sensitivity };
      const noisy = addDiscreteLaplace(right, noise, this.#options.noise);
      return noisy.indexOf(Math.max(...noisy));
    });
  }

  /** The value of something that another run released about the same data, charged to this run. */
  reuse<T>(released: Released<T>): T {
    const request = this.#request({ of: released.of, mechanism: 'reuse' });
    if (this.#charging.planned(request).event(NaN) !== released.event)
      throw this.#charging.refusal(request, 'another release of the same name was planned');
    this.#charging.charge(request);
    return openReleased(released);
  }

  /** Ends the run: refuses a ledger that differs from the plan, and closes what was released to later runs. */
  finish(): void {
    this.#charging.finish();
  }

  /** Ends a run that failed: what it released cannot be read any more, unless another run pays for it. */
  end(): void {
    this.#charging.end();
  }

  #request(request: Omit<Request, 'part'>): Request {
    return { ...request, part: this.#options.part };
  }

  #rows() {
    return openRows(this.#options.sensitive);
  }
}
