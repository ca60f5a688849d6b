import { BudgetError } from '../../core/errors.js';
import type { LabeledImages } from '../../core/images.js';
import type { ProgressTask } from '../../core/progress.js';
import { SeededStream, type SecureStream } from '../../core/rng.js';
import { tf, type Replay, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import { addLatticeGaussian } from '../lattice-gaussian.js';
import type { PlannedRelease } from '../planned-release.js';
import { secretStream } from '../secret-stream.js';
import type { PublicFacts } from '../sensitive.js';
import type { CriticsQuery } from './critics-query.js';
import { clippedAnswers, criticGradient } from './answers.js';
import { shardsByContent, shardsByPlace } from './shards.js';
import { TrainedGroup, withBlackRow, type FakeImages } from './trained-group.js';

/** What the mechanism opens: its door to the rows. */
interface Opened {
  readonly rows: LabeledImages;
  readonly facts: PublicFacts;
  readonly planned: PlannedRelease;
  readonly noiseMultiplier: number;
  readonly noise: SecureStream;
  /** Steps that an earlier process of the run began. */
  readonly begunSteps: number;
  readonly beforeStep: (step: number) => void;
  readonly task: ProgressTask;
}

/**
 * Critics on disjoint shards of the private records, of which only noisy gradients of generated images leave: see
 * `Mechanisms.shardedCritics`. All steps were paid for when this was made.
 *
 * Critics stay in memory and are no part of a checkpoint: a resumed run trains new ones.
 */
export class ShardedCritics {
  readonly #query: CriticsQuery;
  readonly #opened: Opened;
  readonly #groups: readonly TrainedGroup[];
  readonly #training: Replay;
  readonly #answers: Replay;
  #drawn: number;
  #turn = 0;
  #failed = false;

  constructor(query: CriticsQuery, opened: Opened) {
    this.#query = query;
    this.#opened = opened;
    this.#drawn = opened.begunSteps;
    const first = query.critics.newGroup(1, new SeededStream('names'));
    const names = [Object.keys(first.parameters), Object.keys(first.state)] as const;
    first.dispose();
    this.#training = criticGradient(query.critics, query.loss, names);
    const { critics: count, answering } = this.#sharding;
    const size = answering === 'all' ? count : 1;
    this.#answers = clippedAnswers(query, names, { size, clipNorm: opened.planned.sensitivity / 2 });
    this.#groups = this.#newGroups();
  }

  /** Steps so far, those of an earlier process of the run among them. */
  get step(): number {
    return this.#drawn;
  }

  /** Steps in all. */
  get steps(): number {
    return this.#sharding.steps;
  }

  /** Calls of `update` until every critic was trained once: 1 where all answer, and are trained, together. */
  get turns(): number {
    return this.#groups.length;
  }

  /**
   * Trains critics against generated images: all of them, or the next one in turn where one answers. Nothing leaves. Whose turn
   * it is is public: were it the critic that has answered, its state would tell of earlier secret draws.
   */
  async update(fakes: FakeImages, times: number): Promise<void> {
    const group = this.#groups[this.#turn++ % this.#groups.length]!;
    for (let i = 0; i < times; i++) {
      group.update(fakes);
      await this.#opened.task.pause();
    }
  }

  /**
   * The noisy mean over the answering critics of the gradients of their scores by these images, in clip norms:
   * `[batch, values]`; the caller disposes it.
   *
   * A critic's gradient is that of its mean score, times the root of the batch: its length is the root mean square of those of
   * the images.
   *
   * @param images `[batch, height, width, channels]` in [0, 1], @param labels one-hot `[batch, classes]`.
   * @throws BudgetError when all planned steps were made, or after a failure: no step is repeated.
   */
  async next(images: Tensor4D, labels: Tensor2D): Promise<Tensor2D> {
    const { task, beforeStep } = this.#opened;
    if (this.#failed || this.#drawn >= this.steps)
      throw new BudgetError({
        asked: 'sharded critics',
        wrong: this.#failed ? 'an earlier step failed, and it cannot be made again' : 'every planned step was made',
        ...(!this.#failed && { got: this.#drawn + 1, expected: `at most ${this.steps} steps` }),
      });
    await task.pause(); // an aborted run begins no further step
    this.#failed = true;
    beforeStep(++this.#drawn);
    const released = await this.#release(images, labels);
    this.#failed = false;
    task.report({ step: this.#drawn });
    if (this.#drawn === this.steps) task.done();
    return released;
  }

  dispose(): void {
    for (const group of this.#groups) group.dispose();
    this.#training.dispose();
    this.#answers.dispose();
  }

  get #sharding() {
    return this.#opened.planned.sharding!;
  }

  #newGroups(): TrainedGroup[] {
    const { rows, facts, noise } = this.#opened;
    const { critics, stream, batchSize, learningRate, momentum } = this.#query;
    const { critics: count, answering } = this.#sharding;
    const secret = secretStream(noise);
    const options = {
      ...{ rows: withBlackRow(rows), classes: facts.classes.length, batchSize, learningRate, momentum },
      gradient: this.#training,
    };
    if (answering === 'all')
      return [
        new TrainedGroup(critics.newGroup(count, stream), shardsByContent(rows, count), { ...options, stream: secret }),
      ];
    return shardsByPlace(rows, count).map((shard, k) => {
      const purpose = `critic ${k}`;
      return new TrainedGroup(critics.newGroup(1, stream.fork(purpose)), [shard], {
        ...options,
        stream: secret.fork(purpose),
      });
    });
  }

  async #release(images: Tensor4D, labels: Tensor2D): Promise<Tensor2D> {
    const { noise, noiseMultiplier, planned } = this.#opened;
    const { critics, answering } = this.#sharding;
    const group = answering === 'all' ? this.#groups[0]! : this.#groups[noise.integer(critics)]!;
    const [answers] = tf.tidy(() => this.#answers.run([...group.tensors, images, labels])); // [critics, batch * values]
    const values = await answers!.data();
    const [rows, length] = answers!.shape as [number, number];
    answers!.dispose();
    const sums = new Float64Array(length);
    for (let at = 0; at < values.length; at++) sums[at % length]! += values[at]!;
    const wanted = { l2Sensitivity: planned.sensitivity, noiseMultiplier };
    const noisy = addLatticeGaussian(sums, wanted, noise);
    const clipNorm = planned.sensitivity / 2;
    const mean = Float32Array.from(noisy, (value) => value / (rows * clipNorm));
    return tf.tensor2d(mean, [images.shape[0], length / images.shape[0]]);
  }
}
