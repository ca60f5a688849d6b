import { BudgetError } from '../../core/errors.js';
import { takeImages, type LabeledImages } from '../../core/images.js';
import type { ProgressTask } from '../../core/progress.js';
import { SeededStream, type SecureStream } from '../../core/rng.js';
import type { NetworkParameters } from '../../nn/parameters.js';
import type { ExampleLosses } from '../../nn/tape.js';
import { imageTensor, oneHotTensor, tf, type Tensor } from '../../tensor/index.js';
import type { PoissonBatches } from '../poisson.js';
import { secretStream } from '../secret-stream.js';
import type { PublicFacts } from '../sensitive.js';
import { ClippedGradient } from './clipped-gradient.js';
import { checkIsolation } from './isolation.js';
import { addRoundedGaussian } from './rounded-noise.js';

/** What is trained, and how: everything but the budget, which the plan has. */
export interface DpSgdQuery {
  /**
   * The loss of each record, from its own row of `images [records, height, width, channels]` in [0, 1], one-hot
   * `labels [records, classes]` and what `draws` gave. A record may be expanded into copies next to each other; the mean of
   * their losses is its loss, so that the gradients of copies are averaged before they are clipped.
   */
  readonly losses: ExampleLosses;
  readonly parameters: NetworkParameters;
  /** Names of the parameters that are trained. Default: all. */
  readonly trained?: readonly string[];
  /**
   * Random inputs of so many records (noise, noise levels, coins), `[records, ...]` each, from the given stream alone.
   *
   * The stream is keyed from the privacy noise, not from the seed of the run: which numbers a record gets depends on the
   * records before it. Whoever knew them all could tell by everybody's gradients whether one record was there; when nobody
   * does, they are the same to all.
   */
  readonly draws?: (records: number, stream: SeededStream) => Tensor[];
  /** Records worked on at a time; changes time and memory only. Default 64. */
  readonly microBatch?: number;
  readonly precision?: 'float32' | 'bfloat16';
}

/** What the mechanism opens for a training: its door to the rows. */
interface Opened {
  readonly rows: LabeledImages;
  readonly facts: PublicFacts;
  readonly batches: PoissonBatches;
  readonly noiseMultiplier: number;
  readonly noise: SecureStream;
  readonly beforeBatch: (step: number) => void;
  readonly task: ProgressTask;
}

/** The clipped gradient of a query, found to keep records apart. */
export async function recordGradient(
  of: string,
  query: DpSgdQuery,
  { clipNorm, facts }: { clipNorm: number; facts: PublicFacts },
): Promise<ClippedGradient> {
  const { losses, parameters, trained, microBatch = 64, precision, draws } = query;
  const gradient = new ClippedGradient({ losses, parameters, trained, clipNorm, microBatch, precision });
  try {
    await checkIsolation(of, gradient, (purpose) => {
      const stream = new SeededStream('isolation').fork(purpose);
      return [...madeUpRecords(microBatch, facts, stream), ...(draws?.(microBatch, stream) ?? [])];
    });
  } catch (error) {
    gradient.dispose();
    throw error;
  }
  return gradient;
}

function madeUpRecords(count: number, { shape, classes }: PublicFacts, stream: SeededStream): Tensor[] {
  const { height, width, channels } = shape;
  const data = Uint8Array.from({ length: count * height * width * channels }, () => stream.integer(256));
  const labels = Uint8Array.from({ length: count }, () => stream.integer(classes.length));
  return recordTensors({ data, labels, count, height, width, channels }, classes.length);
}

const recordTensors = (rows: LabeledImages, classes: number): Tensor[] => [
  imageTensor(rows, 0, rows.count), // [records, height, width, channels]
  oneHotTensor(rows, classes, 0, rows.count), // [records, classes]
];

/**
 * Training by DP-SGD, batch by batch: see `Mechanisms.dpSgd`. What it gives out is noisy, and was paid for when this was made.
 *
 * The sum of a batch's clipped gradients gets Gaussian noise once, whatever the number of its micro-batches, and is divided
 * by the expected size of a batch, `sampleRate * N`, never by the size that came out. An empty batch is noise alone.
 */
export class DpSgd {
  readonly #gradient: ClippedGradient;
  readonly #query: DpSgdQuery;
  readonly #opened: Opened;
  readonly #random: SeededStream;
  #failed = false;

  constructor(gradient: ClippedGradient, query: DpSgdQuery, opened: Opened) {
    this.#gradient = gradient;
    this.#query = query;
    this.#opened = opened;
    this.#random = secretStream(opened.noise);
  }

  /** Batches so far, those of an earlier process of the run among them. */
  get step(): number {
    return this.#opened.batches.drawn;
  }

  /** Batches in all. */
  get steps(): number {
    return this.#opened.batches.sampling.steps;
  }

  /**
   * The noisy mean gradient of the next batch, by the names of the trained parameters; the caller disposes it.
   *
   * @throws BudgetError when all planned batches were drawn, or after a failure: no batch is repeated. What the signal of the
   * run says, when it was aborted.
   */
  async next(): Promise<Record<string, Tensor>> {
    if (this.#failed)
      throw new BudgetError({
        asked: 'DP-SGD',
        wrong: 'an earlier step failed, and its batch cannot be drawn again',
        next: 'Resume the run, or start a new one.',
      });
    this.#failed = true;
    const { rows, batches, beforeBatch, task } = this.#opened;
    await task.pause(); // an aborted run begins no further batch
    if (batches.drawn < this.steps) beforeBatch(batches.drawn + 1);
    const batch = batches.next();
    const sums = await this.#sums(rows, batch);
    const noisy = this.#release(sums);
    this.#failed = false;
    task.report({ step: batches.drawn });
    if (batches.drawn === this.steps) task.done();
    return noisy;
  }

  dispose(): void {
    this.#gradient.dispose();
  }

  /** The clipped gradients of all drawn rows, added up; private. */
  async #sums(rows: LabeledImages, drawn: Uint32Array): Promise<Float64Array> {
    const { microBatch = 64 } = this.#query;
    const sums = this.#gradient.zeros();
    for (let start = 0; start < drawn.length; start += microBatch) {
      await this.#add(sums, takeImages(rows, drawn.subarray(start, start + microBatch)));
      await this.#opened.task.pause();
    }
    return sums;
  }

  async #add(sums: Float64Array, part: LabeledImages): Promise<void> {
    const inputs = recordTensors(part, this.#opened.facts.classes.length);
    try {
      inputs.push(...(this.#query.draws?.(part.count, this.#random) ?? []));
      await this.#gradient.add(sums, inputs);
    } finally {
      tf.dispose(inputs);
    }
  }

  #release(sums: Float64Array): Record<string, Tensor> {
    const { noiseMultiplier, noise, facts, batches } = this.#opened;
    const l2Sensitivity = this.#gradient.options.clipNorm;
    const noisy = addRoundedGaussian(sums, { l2Sensitivity, noiseMultiplier }, noise);
    const expected = batches.sampling.sampleRate * facts.size;
    return this.#gradient.named(noisy.map((value) => value / expected));
  }
}
