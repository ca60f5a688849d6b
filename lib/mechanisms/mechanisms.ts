import { check } from '../core/check.js';
import { BudgetError, OptionError } from '../core/errors.js';
import type { PrivacyEvent } from '../core/events.js';
import { takeImages } from '../core/images.js';
import { ProgressTask } from '../core/progress.js';
import { SecureStream } from '../core/rng.js';
import { samePlan, type Ledger } from '../privacy/index.js';
import type { Tensor, Tensor4D } from '../tensor/index.js';
import { addDiscreteLaplace, binCounts, rightAnswers, type BinQuery } from './counts.js';
import { addLatticeGaussian } from './lattice-gaussian.js';
import { labelSums, type LabelSumQuery } from './label-sums.js';
import { checkPlan, type PlannedRelease } from './planned-release.js';
import { openReleased, Released } from './released.js';
import { openRows, type PublicFacts, type SensitiveImages } from './sensitive.js';

interface MechanismsOptions {
  readonly sensitive: SensitiveImages;
  readonly plan: readonly PlannedRelease[];
  /** The harness's free noise multiplier: what releases with calibrated noise get. */
  readonly noiseMultiplier: number;
  /** Empty, or the ledger of a run that was stopped: the plan then goes on after what it holds. */
  readonly ledger: Ledger;
  readonly noise: SecureStream;
  /** Name of the part of the data that `sensitive` is, when the ledger holds disjoint parts. */
  readonly part?: string;
  readonly signal?: AbortSignal;
}

/** What a call is about to release; it must be the next of the plan. */
interface Request {
  readonly of: string;
  readonly mechanism: PlannedRelease['mechanism'];
  /** What the computation can change by between neighbours, under add-or-remove-one. */
  readonly sensitivity?: number;
}

/**
 * The only way from a method to private rows: every call adds noise and is charged to the ledger before it looks. A failure
 * anywhere, of randomness too, throws: there is no result without noise.
 */
export class Mechanisms {
  readonly #options: MechanismsOptions;
  #next: number;
  #ended = false;

  constructor(options: MechanismsOptions) {
    checkPlan(options.plan);
    if (!(options.noise instanceof SecureStream))
      throw new OptionError({
        asked: 'mechanisms',
        wrong: 'the noise does not come from a secure stream, so it could be subtracted',
        expected: 'a SecureStream',
      });
    this.#options = options;
    this.#next = options.ledger.entries.length;
    samePlan(options.ledger, this.#events().slice(0, this.#next));
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
  async labelMeans(of: string, query: LabelSumQuery): Promise<Released<Float32Array>> {
    const { size, classes } = this.facts;
    check('positive', `release of '${of}'`, { clipNorm: query.clipNorm });
    const planned = this.#charge({ of, mechanism: 'gaussian', sensitivity: query.clipNorm / size });
    const sums = await this.#work(of, size, (task) => labelSums(this.#rows(), classes.length, query, task));
    return this.#release(planned, meansOf(this.#gaussian(sums, planned, size), size));
  }

  /**
   * The same over Poisson samples, one matrix for each planned step. The divisor is the expected size of a batch,
   * `sampleRate * N`, never the size that came out; an empty batch is noise alone.
   */
  async sampledLabelMeans(of: string, query: LabelSumQuery): Promise<Released<readonly Float32Array[]>> {
    const { size, classes } = this.facts;
    check('positive', `release of '${of}'`, { clipNorm: query.clipNorm });
    const request = { of, mechanism: 'gaussian-on-samples' } as const;
    const expected = size * (this.#planned(request).sampling?.sampleRate ?? 1);
    const planned = this.#charge({ ...request, sensitivity: query.clipNorm / expected });
    const { sampling } = planned;
    const batches = sampling!.batches(this.#rows().count, this.#options.noise);
    const means: Float32Array[] = [];
    await this.#work(of, sampling!.steps, async (task) => {
      while (batches.drawn < sampling!.steps) {
        const rows = takeImages(this.#rows(), batches.next());
        const sums = await labelSums(rows, classes.length, query);
        means.push(meansOf(this.#gaussian(sums, planned, expected), expected));
        task.report({ step: batches.drawn });
        await task.pause();
      }
    });
    return this.#release(planned, means);
  }

  /**
   * Counts of records in bins, with exact discrete noise (Gaussian, or Laplace when the plan fixes an epsilon), as whole
   * numbers that may be negative: `[bins]`, or `[classes, bins]` flat.
   *
   * Gaussian noise is drawn on a fine lattice and the sum rounded, not on the whole numbers: rounding costs nothing, and the
   * cost is then exactly the Gaussian's, while a discrete Gaussian of deviation 1 on whole numbers costs epsilon 4.430 where
   * the Gaussian costs 4.377 (delta 1e-5).
   */
  async histogram(of: string, query: BinQuery): Promise<Released<Int32Array>> {
    const { size, classes } = this.facts;
    const mechanism = this.#planned({ of }).mechanism === 'laplace-histogram' ? 'laplace-histogram' : 'histogram';
    const planned = this.#charge({ of, mechanism });
    const { binsPerRecord = 1, sensitivity, epsilon } = planned;
    const counts = await this.#work(of, size, (task) =>
      binCounts(this.#rows(), classes.length, query, binsPerRecord, task),
    );
    const { noise } = this.#options;
    const noisy =
      epsilon === undefined
        ? this.#gaussian(counts, planned, 1)
        : addDiscreteLaplace(counts, { epsilon, l1Sensitivity: sensitivity }, noise);
    return this.#release(planned, Int32Array.from(noisy, Math.round));
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
    const planned = this.#charge({ of, mechanism: 'noisy-max' });
    const right = await this.#work(of, this.facts.size, (task) =>
      rightAnswers(this.#rows(), candidates, task, batchSize),
    );
    const noise = { epsilon: planned.epsilon!, l1Sensitivity: planned.sensitivity };
    const noisy = addDiscreteLaplace(right, noise, this.#options.noise);
    return this.#release(planned, noisy.indexOf(Math.max(...noisy)));
  }

  /** The value of something that another run released about the same data, charged to this run. */
  reuse<T>(released: Released<T>): T {
    const planned = this.#charge({ of: released.of, mechanism: 'reuse' });
    if (planned.event(NaN) !== released.event)
      throw this.#refusal({ of: released.of, mechanism: 'reuse' }, 'another release of the same name was planned');
    return openReleased(released);
  }

  /** Ends the run: refuses a ledger that differs from the plan, and closes what was released to later runs. */
  finish(): void {
    samePlan(this.#options.ledger, this.#events());
    this.#ended = true;
  }

  #events(): PrivacyEvent[] {
    return this.#options.plan.map((release) => release.event(this.#options.noiseMultiplier));
  }

  #rows() {
    return openRows(this.#options.sensitive);
  }

  async #work<T>(of: string, steps: number, compute: (task: ProgressTask) => Promise<T>): Promise<T> {
    const task = new ProgressTask(of, steps, this.#options.signal);
    const result = await compute(task);
    task.done();
    return result;
  }

  /** Sums with the noise of the plan; `divisor` is what the planned sensitivity was divided by. */
  #gaussian(sums: Float64Array, planned: PlannedRelease, divisor: number): Float64Array {
    const noiseMultiplier = planned.noiseMultiplier(this.#options.noiseMultiplier);
    const l2Sensitivity = planned.sensitivity * divisor;
    return addLatticeGaussian(sums, { l2Sensitivity, noiseMultiplier }, this.#options.noise);
  }

  #release<T>(planned: PlannedRelease, value: T): Released<T> {
    const { of, relation } = planned;
    const runEnded = () => this.#ended;
    return new Released(value, { of, relation, event: planned.event(this.#options.noiseMultiplier), runEnded });
  }

  /** The next release of the plan, which must be the requested one. */
  #planned(request: Partial<Request>): PlannedRelease {
    const planned = this.#options.plan[this.#next];
    const { of, mechanism, sensitivity = 0 } = request;
    if (this.#ended) throw this.#refusal(request, 'the run has ended');
    if (planned?.of !== of || (mechanism !== undefined && planned?.mechanism !== mechanism))
      throw this.#refusal(request, 'the method did not declare it in `spends`');
    // The last digit may differ: 1 / N and 1 * (1 / N) are the same to a planner.
    const needed = sensitivity * (planned!.relation === 'replace-one' ? 2 : 1);
    if (needed > planned!.sensitivity * (1 + 1e-12))
      throw this.#refusal({ ...request, sensitivity: needed }, 'it is more sensitive than `spends` declares');
    return planned!;
  }

  /** Writes a release to the ledger, before any row is read; refuses one that is not the next of the plan. */
  #charge(request: Request): PlannedRelease {
    const planned = this.#planned(request);
    const { noiseMultiplier: free, ledger, part } = this.#options;
    const deviation = planned.sensitivity * (planned.epsilon ? 1 / planned.epsilon : planned.noiseMultiplier(free));
    ledger.record({
      of: planned.of,
      mechanism: planned.mechanism,
      noise: planned.noise,
      event: planned.event(free),
      relation: planned.relation,
      sensitivity: planned.sensitivity,
      ...(planned.mechanism !== 'reuse' && { noiseScale: deviation, arithmetic: 'exact' as const }),
      ...(part !== undefined && { part }),
    });
    this.#next++;
    return planned;
  }

  #refusal({ of, mechanism, sensitivity }: Partial<Request>, wrong: string): BudgetError {
    const planned = this.#options.plan[this.#next];
    const words = (kind?: string, amount?: number) =>
      [kind, amount !== undefined && `sensitivity ${amount}`].filter(Boolean).join(', ');
    return new BudgetError({
      asked: `release of '${of}'`,
      wrong,
      got: words(mechanism, sensitivity),
      expected: planned ? `'${planned.of}' (${words(planned.mechanism, planned.sensitivity)})` : 'no further release',
    });
  }
}

const meansOf = (sums: Float64Array, divisor: number): Float32Array =>
  Float32Array.from(sums, (value) => value / divisor);
