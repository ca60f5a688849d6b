import { check } from '../core/check.js';
import { takeImages, type LabeledImages } from '../core/images.js';
import type { ProgressTask } from '../core/progress.js';
import type { SecureStream } from '../core/rng.js';
import type { Charging, Request } from './charging.js';
import type { ReleasedValue } from './journal.js';
import { labelSums, type LabelSumQuery } from './label-sums.js';
import { addPlannedGaussian, workWhole } from './paid-work.js';
import type { PlannedRelease } from './planned-release.js';
import type { Released } from './released.js';
import type { PublicFacts } from './sensitive.js';

/** What the mechanisms open for means by label: their door to the rows. */
interface Opened {
  readonly rows: () => LabeledImages;
  readonly facts: PublicFacts;
  readonly charging: Charging;
  readonly noise: SecureStream;
  readonly signal?: AbortSignal;
  readonly part?: string;
}

/** Noisy means by label over all records or over Poisson samples: see `Mechanisms`, which has its methods. */
export class LabelMeans {
  constructor(readonly opened: Opened) {}

  async ofAll(of: string, query: LabelSumQuery): Promise<Released<Float32Array>> {
    const { facts, charging } = this.opened;
    const { size, classes } = facts;
    const request = this.#request({ of, mechanism: 'gaussian', sensitivity: query.clipNorm / size }, query);
    return charging.once(request, async (planned) => {
      const sums = await workWhole(of, size, (task) => labelSums(this.opened.rows(), classes.length, query, task));
      return meansOf(this.#gaussian(sums, planned, size), size);
    });
  }

  async ofSamples(of: string, query: LabelSumQuery): Promise<Released<readonly Float32Array[]>> {
    return this.#onSamples(of, query, async (means) => {
      const all: Float32Array[] = [];
      for await (const mean of means) all.push(Float32Array.from(mean));
      return all;
    });
  }

  async averageOfSamples(of: string, query: LabelSumQuery): Promise<Released<Float32Array>> {
    return this.#onSamples(of, query, async (means, steps) => {
      const sums = new Float64Array(query.dimension * this.opened.facts.classes.length);
      for await (const mean of means) for (let i = 0; i < sums.length; i++) sums[i]! += mean[i]!;
      return meansOf(sums, steps);
    });
  }

  /** Charges for means over the planned Poisson samples and makes of them what is released. */
  async #onSamples<T extends ReleasedValue>(
    of: string,
    query: LabelSumQuery,
    gather: (means: AsyncIterable<Float64Array>, steps: number) => Promise<T>,
  ): Promise<Released<T>> {
    const { facts, charging } = this.opened;
    const request = this.#request({ of, mechanism: 'gaussian-on-samples' }, query);
    const expected = facts.size * (charging.planned(request).sampling?.sampleRate ?? 1);
    return charging.once({ ...request, sensitivity: query.clipNorm / expected }, (planned) => {
      const { steps } = planned.sampling!;
      return workWhole(of, steps, (task) => gather(this.#noisyMeans(planned, query, expected, task), steps));
    });
  }

  /** A mean with noise for each Poisson sample of a plan; the divisor is the expected size. */
  async *#noisyMeans(planned: PlannedRelease, query: LabelSumQuery, expected: number, task: ProgressTask) {
    const { rows, facts, noise } = this.opened;
    const batches = planned.sampling!.batches(rows().count, noise);
    while (batches.drawn < batches.sampling.steps) {
      const sums = await labelSums(takeImages(rows(), batches.next()), facts.classes.length, query);
      yield this.#gaussian(sums, planned, expected).map((value) => value / expected);
      task.report({ step: batches.drawn });
      await task.pause();
    }
  }

  #request(request: Request, { clipNorm }: LabelSumQuery): Request {
    check('positive', `release of '${request.of}'`, { clipNorm });
    this.opened.signal?.throwIfAborted();
    return { ...request, part: this.opened.part };
  }

  #gaussian(sums: Float64Array, planned: PlannedRelease, divisor: number): Float64Array {
    const { charging, noise } = this.opened;
    return addPlannedGaussian(sums, { planned, divisor, free: charging.free, noise });
  }
}

const meansOf = (sums: Float64Array, divisor: number): Float32Array =>
  Float32Array.from(sums, (value) => value / divisor);
