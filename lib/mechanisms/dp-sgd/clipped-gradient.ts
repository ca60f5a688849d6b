import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import type { NetworkParameters } from '../../nn/parameters.js';
import type { ExampleLosses } from '../../nn/tape.js';
import { replay, tf, type Replay, type Scalar, type Tensor, type Tensor1D } from '../../tensor/index.js';
import { clippedSum } from './clipped-sum.js';

export interface ClippedGradientOptions {
  readonly losses: ExampleLosses;
  readonly parameters: NetworkParameters;
  /** Names of the parameters to find gradients for. Default: all. */
  readonly trained?: readonly string[];
  readonly clipNorm: number;
  /** Examples at a time: bounds the memory, and changes the sum by no more than rounding. */
  readonly microBatch: number;
  /** `bfloat16` rounds convolutions and products; the norms of what comes of them, and the clipped sums, stay float32. */
  readonly precision?: 'float32' | 'bfloat16';
}

/**
 * `clippedSum` for a batch of any size, also of none, as Poisson sampling draws them: the batch is cut into micro-batches of
 * one size, the last one filled up with copies of a row that the mask leaves out, so that one recorded graph serves all.
 *
 * An example whose gradient is not finite counts as zero, so that it neither poisons the sum nor shows in it: its
 * micro-batch is computed again without it.
 *
 * As there, NO NOISE is in the sums: they stay within this folder.
 *
 * @example
 * const gradient = new ClippedGradient({ losses, parameters, clipNorm: 1, microBatch: 64 });
 * const sums = await gradient.at([images, labels]);   // by name; the caller disposes them
 */
export class ClippedGradient {
  readonly #graph: Replay;
  readonly trained: readonly string[];

  /** @throws OptionError for a clipNorm that is not above 0 and a microBatch that is no whole number above 0. */
  constructor(readonly options: ClippedGradientOptions) {
    const { losses, parameters, trained = Object.keys(parameters), clipNorm, microBatch } = options;
    check('positive', 'ClippedGradient', { clipNorm });
    check('count', 'ClippedGradient', { microBatch });
    this.trained = trained;
    const names = Object.keys(parameters);
    const compute = (mask: Tensor, clipNorm: Tensor, ...rest: Tensor[]): Tensor[] => {
      const weights = Object.fromEntries(names.map((name, i) => [name, rest[i]!]));
      const inputs = rest.slice(names.length);
      const { squaredNorms, sums } = clippedSum({
        ...{ losses, weights, trained, inputs },
        clipNorm: clipNorm as Scalar,
        mask: mask as Tensor1D,
      });
      return [squaredNorms, tf.concat(sums.map((sum) => sum.flatten()))];
    };
    this.#graph = replay(compute, { name: 'the clipped gradient', precision: options.precision ?? 'float32' });
  }

  /** Sums to begin with: the trained parameters end to end, in the order of `trained`. */
  zeros(): Float64Array {
    return new Float64Array(this.trained.reduce((length, name) => length + this.options.parameters[name]!.size, 0));
  }

  /** Values end to end as tensors by parameter name; the caller disposes them. */
  named(values: Float64Array): Record<string, Tensor> {
    let at = 0;
    const entries = this.trained.map((name) => {
      const { shape, size } = this.options.parameters[name]!;
      return [name, tf.tensor(Float32Array.from(values.subarray(at, (at += size))), shape)] as const;
    });
    return Object.fromEntries(entries);
  }

  /**
   * The sums of the clipped gradients of all rows of the inputs, by parameter name.
   *
   * @throws OptionError when the inputs have different numbers of rows.
   */
  async at(inputs: readonly Tensor[]): Promise<Record<string, Tensor>> {
    const { microBatch } = this.options;
    const count = rowsOf(inputs);
    const sums = this.zeros();
    for (let start = 0; start < count; start += microBatch) {
      const used = Math.min(microBatch, count - start);
      const part = inputs.map((input) => tf.tidy(() => tf.slice(input, [start], [used])));
      try {
        await this.add(sums, part);
      } finally {
        tf.dispose(part);
      }
    }
    return this.named(sums);
  }

  /**
   * Adds the clipped gradients of at most one micro-batch to sums. They are added up in double precision, since float32 would
   * round a large batch by a length that depends on the order of its records.
   *
   * @param weights in the order of the parameters; default: the parameters as they are.
   * @param left a row that takes part in the computation and is left out of the sum, and nothing is clipped: for
   * `checkIsolation`.
   * @throws OptionError when the inputs have different numbers of rows, or more than a micro-batch.
   */
  async add(
    sums: Float64Array,
    inputs: readonly Tensor[],
    options: { readonly weights?: readonly Tensor[]; readonly left?: number } = {},
  ): Promise<void> {
    const { weights = Object.values(this.options.parameters), left } = options;
    const { microBatch } = this.options;
    const count = rowsOf(inputs);
    if (count > microBatch)
      throw new OptionError({
        asked: 'ClippedGradient.add',
        wrong: 'there are more rows than in a micro-batch',
        got: count,
        expected: `at most ${microBatch}`,
      });
    let rows = [...Array(count).keys()];
    while (rows.length > 0) {
      const [squaredNorms, part] = this.#run(inputs, rows, { weights, left }) as [Tensor, Tensor];
      const [norms, values] = await Promise.all([squaredNorms.data(), part.data()]);
      tf.dispose([squaredNorms, part]);
      const finite = rows.filter((_, i) => Number.isFinite(norms[i]));
      if (finite.length === rows.length) {
        for (let i = 0; i < sums.length; i++) sums[i]! += values[i]!;
        return;
      }
      rows = finite; // fewer each time
    }
  }

  /** The given rows, and behind them copies of the first up to the size of a micro-batch. */
  #run(
    inputs: readonly Tensor[],
    rows: readonly number[],
    { weights, left }: { weights: readonly Tensor[]; left: number | undefined },
  ): Tensor[] {
    const { microBatch } = this.options;
    return tf.tidy(() => {
      const mask = tf.tensor1d(
        Float32Array.from({ length: microBatch }, (_, i) => (i < rows.length && rows[i] !== left ? 1 : 0)),
      );
      const whole = rows.length === microBatch;
      const picked = Int32Array.from({ length: microBatch }, (_, i) => rows[i] ?? rows[0]!);
      const filled = whole ? inputs : inputs.map((input) => tf.gather(input, tf.tensor1d(picked, 'int32')));
      const clipNorm = tf.scalar(left === undefined ? this.options.clipNorm : unclipped);
      return this.#graph.run([mask, clipNorm, ...weights, ...filled]);
    });
  }

  dispose(): void {
    this.#graph.dispose();
  }
}

/** A clip norm above that of all gradients whose squared norm is a float32. */
const unclipped = 1e30;

function rowsOf(inputs: readonly Tensor[]): number {
  const counts = inputs.map((input) => input.shape[0]!);
  const count = counts[0] ?? 0;
  if (counts.every((other) => other === count)) return count;
  throw new OptionError({
    asked: 'ClippedGradient',
    wrong: 'the inputs have different numbers of rows',
    got: counts,
  });
}
