import { ProgressTask } from '../core/progress.js';
import type { SeededStream } from '../core/rng.js';
import { replay, tf, type Replay, type Tensor, type Tensor2D } from '../tensor/index.js';
import type { FeatureRows } from './features/feature-store.js';
import { augmentedDistances, DistanceBlocks, stretches, type Stretch } from './fld-distances.js';
import { takeRows } from './take-rows.js';

/** Settings of the fit, of the metric's authors. */
const learningRate = 0.5;
const passes = 50;
const batchRows = 10_000;
const decays = [0.9, 0.999] as const;
const stability = 1e-8;
const largestLogVariance = 40;
/** How much nearer the background lies than the mean of the rows, squared. */
const backgroundNearness = 0.81;
/** Change of the loss within five passes below which the fit ends, from the seventh pass on. */
const settled = 5e-4;

/** A mixture of Gaussians of equal weight about some rows, one variance each. */
export interface Mixture {
  readonly centres: FeatureRows;
  readonly logVariances: Float64Array; // [rows of centres]
  readonly backgroundLogVariance: number;
  /** Mean loss of each pass of the fit. */
  readonly losses: readonly number[];
}

/**
 * Gaussians about feature rows whose variances make other rows likely: what FLD is made of. Graphs of the engine are kept for
 * all mixtures of one object; `dispose` frees them.
 */
export class MixtureFitting {
  readonly #distances: Replay = replay(augmentedDistances, { precision: 'float64', name: 'distances' });
  readonly #nearest: Replay = replay((distances) => [distances.relu().min(0)], { name: 'nearest rows' });
  readonly #sums: Replay = replay(likelihoodSums, { name: 'sums of likelihoods' });

  constructor(readonly signal?: AbortSignal) {}

  dispose(): void {
    for (const graphs of [this.#distances, this.#nearest, this.#sums]) graphs.dispose();
  }

  /**
   * Fits the variances to rows by Adam, with a background about their mean that is dropped afterwards.
   * Jiralerspong et al. 2023, arXiv 2302.04440, section 3 and the authors' library.
   */
  async fit(centres: FeatureRows, to: FeatureRows, stream: SeededStream): Promise<Mixture> {
    const shuffled = takeRows(to, stream.permutation(to.rows));
    const blocks = new DistanceBlocks(this.#distances, shuffled, centres);
    try {
      return await this.#fitted(centres, shuffled, blocks);
    } finally {
      blocks.dispose();
    }
  }

  /** Mean negative log-likelihood of rows, in nats a dimension. */
  async negativeLogLikelihood({ centres, logVariances }: Mixture, rows: FeatureRows): Promise<number> {
    const task = new ProgressTask('likelihood of features', rows.rows, this.signal);
    const blocks = new DistanceBlocks(this.#distances, rows, centres, false);
    try {
      const nothing = new Float64Array(rows.rows).fill(Infinity);
      const parameters = Float64Array.of(...logVariances, 0);
      const loss = await this.#add(undefined, blocks, { start: 0, end: rows.rows }, nothing, parameters, task);
      task.done();
      return loss;
    } finally {
      blocks.dispose();
    }
  }

  async #fitted(centres: FeatureRows, shuffled: FeatureRows, blocks: DistanceBlocks): Promise<Mixture> {
    const { rows: count, size } = centres;
    const background = squaredFromMean(shuffled).map((value) => value * backgroundNearness);
    const task = new ProgressTask('likelihood of features', passes, this.signal);
    const nearest = await this.#nearestSquared(blocks, count);
    const parameters = Float64Array.of(...nearest.map((squared) => Math.log((squared + 1e-3) / size)), 0);
    const adam = new Adam(count + 1);
    const losses: number[] = [];
    for (let pass = 0; pass < passes; pass++) {
      let sum = 0;
      for (const batch of stretches(0, shuffled.rows, batchRows)) {
        const gradient = new Float64Array(count + 1);
        sum += await this.#add(gradient, blocks, batch, background, parameters, task);
        adam.step(parameters, gradient);
        for (let j = 0; j < count; j++)
          parameters[j] = Math.max(-largestLogVariance, Math.min(largestLogVariance, parameters[j]!));
      }
      const loss = sum / Math.ceil(shuffled.rows / batchRows);
      losses.push(loss);
      task.report({ step: pass + 1, loss });
      if (pass > 5 && Math.max(...losses.slice(-5).map((earlier) => Math.abs(loss - earlier))) < settled) break;
    }
    task.done();
    return { centres, logVariances: parameters.slice(0, count), backgroundLogVariance: parameters[count]!, losses };
  }

  async #nearestSquared(blocks: DistanceBlocks, count: number): Promise<Float64Array> {
    const nearest = new Float64Array(count).fill(Infinity);
    for (const batch of stretches(0, blocks.rows, batchRows))
      for (const { start, end } of blocks.within(batch)) {
        this.signal?.throwIfAborted();
        const [values] = await blocks.compute(this.#nearest, start, end, []);
        values!.forEach((value, j) => (nearest[j] = Math.min(nearest[j]!, value)));
      }
    return nearest;
  }

  /** The loss of some rows; adds its gradient by the log-variances, the background's last. */
  async #add(
    gradient: Float64Array | undefined,
    blocks: DistanceBlocks,
    batch: Stretch,
    background: Float64Array,
    parameters: Float64Array,
    task: ProgressTask,
  ): Promise<number> {
    const count = parameters.length - 1;
    const { size } = blocks;
    const logDensity = (logVariance: number) => -0.5 * size * (logVariance + Math.log(2 * Math.PI));
    const [scales, peaks] = [new Float32Array(count), new Float32Array(count)];
    for (let j = 0; j < count; j++) {
      scales[j] = -0.5 * Math.exp(-parameters[j]!);
      peaks[j] = logDensity(parameters[j]!) - Math.log(count);
    }
    const precision = Math.exp(-parameters[count]!);
    const weight = 1 / ((batch.end - batch.start) * size);
    let loss = 0;
    for (const { start, end } of blocks.within(batch)) {
      await task.pause();
      const squared = background.subarray(start, end);
      const behind = Float32Array.from(squared, (value) =>
        Math.max(-1e30, -0.5 * value * precision + logDensity(parameters[count]!)),
      );
      const found = await blocks.compute(this.#sums, start, end, [scales, peaks, behind]);
      const [logLikelihoods, ofBackground, shares, squares] = found as [Values, Values, Values, Values];
      logLikelihoods.forEach((value) => (loss -= value * weight));
      if (!gradient) continue;
      for (let j = 0; j < count; j++) gradient[j]! += weight * (scales[j]! * squares[j]! + 0.5 * size * shares[j]!);
      ofBackground.forEach(
        (share, i) => (gradient[count]! -= weight * share * (0.5 * squared[i]! * precision - 0.5 * size)),
      );
    }
    return loss;
  }
}

type Values = Float32Array;

/**
 * Of each row the log-likelihood and the background's share in it; of each centre the sum of its shares, and of its shares times
 * squared distances.
 */
function likelihoodSums(distances: Tensor, scales: Tensor, peaks: Tensor, background: Tensor): Tensor[] {
  const squared = distances.relu(); // [rows, centres]
  const logs = squared.mul(scales).add(peaks);
  const largest = tf.maximum(logs.max(1), background); // [rows]
  const likelihoods = logs.sub(largest.expandDims(1)).exp();
  const ofBackground = background.sub(largest).exp();
  const whole = likelihoods.sum(1).add(ofBackground); // [rows]
  const shares = whole.reciprocal().expandDims<Tensor2D>(0); // [1, rows]
  return [
    largest.add(whole.log()),
    ofBackground.div(whole),
    tf.matMul(shares, likelihoods as Tensor2D).flatten(),
    tf.matMul(shares, likelihoods.mul<Tensor2D>(squared)).flatten(),
  ];
}

/** Squared distances of rows to their mean. */
function squaredFromMean({ features, rows, size }: FeatureRows): Float64Array {
  const mean = new Float64Array(size);
  features.forEach((value, i) => (mean[i % size]! += value / rows));
  const squared = new Float64Array(rows);
  features.forEach((value, i) => (squared[Math.floor(i / size)]! += (value - mean[i % size]!) ** 2));
  return squared;
}

/** Adam on a vector of doubles. */
class Adam {
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  #steps = 0;

  constructor(count: number) {
    this.#first = new Float64Array(count);
    this.#second = new Float64Array(count);
  }

  step(parameters: Float64Array, gradient: Float64Array): void {
    const [a, b] = decays;
    this.#steps++;
    for (let j = 0; j < gradient.length; j++) {
      this.#first[j] = a * this.#first[j]! + (1 - a) * gradient[j]!;
      this.#second[j] = b * this.#second[j]! + (1 - b) * gradient[j]! ** 2;
      const mean = this.#first[j]! / (1 - a ** this.#steps);
      const deviation = Math.sqrt(this.#second[j]! / (1 - b ** this.#steps));
      parameters[j]! -= (learningRate * mean) / (deviation + stability);
    }
  }
}
