import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import type { NetworkParameters } from '../../nn/parameters.js';
import type { ExampleLosses } from '../../nn/tape.js';
import { replay, tf, type Replay, type Tensor, type Tensor1D } from '../../tensor/index.js';
import { clippedSum } from './clipped-sum.js';

export interface ClippedGradientOptions {
  readonly losses: ExampleLosses;
  readonly parameters: NetworkParameters;
  /** Names of the parameters to find gradients for. Default: all. */
  readonly trained?: readonly string[];
  readonly clipNorm: number;
  /** Examples at a time: bounds the memory, and changes the sum by no more than rounding. */
  readonly microBatch: number;
}

/**
 * `clippedSum` for a batch of any size, also of none, as Poisson sampling draws them: the batch is cut into micro-batches of
 * one size, the last one filled up with rows that the mask leaves out, so that one recorded graph serves all.
 *
 * As there, NO NOISE is in the sums: they stay within this folder.
 *
 * @example
 * const gradient = new ClippedGradient({ losses, parameters, clipNorm: 1, microBatch: 64 });
 * const sums = gradient.at([images, labels]);   // by name; the caller disposes them
 */
export class ClippedGradient {
  readonly #graph: Replay;
  readonly #trained: readonly string[];

  /** @throws OptionError for a clipNorm that is not above 0 and a microBatch that is no whole number above 0. */
  constructor(readonly options: ClippedGradientOptions) {
    const { losses, parameters, trained = Object.keys(parameters), clipNorm, microBatch } = options;
    check('positive', 'ClippedGradient', { clipNorm });
    check('count', 'ClippedGradient', { microBatch });
    this.#trained = trained;
    const names = Object.keys(parameters);
    const compute = (mask: Tensor, ...rest: Tensor[]): Tensor[] => {
      const weights = Object.fromEntries(names.map((name, i) => [name, rest[i]!]));
      const inputs = rest.slice(names.length);
      return clippedSum({ losses, weights, trained, clipNorm, inputs, mask: mask as Tensor1D });
    };
    this.#graph = replay(compute, { name: 'the clipped gradient' });
  }

  /**
   * The sums of the clipped gradients of all rows of the inputs, by parameter name.
   *
   * @throws OptionError when the inputs have different numbers of rows.
   */
  at(inputs: readonly Tensor[]): Record<string, Tensor> {
    const { parameters, microBatch } = this.options;
    const counts = inputs.map((input) => input.shape[0]!);
    const count = counts[0] ?? 0;
    if (counts.some((other) => other !== count))
      throw new OptionError({
        asked: 'ClippedGradient',
        wrong: 'the inputs have different numbers of rows',
        got: counts,
      });
    return tf.tidy(() => {
      let sums = this.#trained.map((name) => tf.zeros(parameters[name]!.shape));
      for (let start = 0; start < count; start += microBatch) {
        const next = tf.tidy(() => {
          const used = Math.min(microBatch, count - start);
          const mask = tf.tensor1d(Float32Array.from({ length: microBatch }, (_, row) => (row < used ? 1 : 0)));
          const rows = inputs.map((input) => rowsOf(input, start, used, microBatch));
          const parts = this.#graph.run([mask, ...Object.values(parameters), ...rows]);
          return parts.map((part, i) => sums[i]!.add(part));
        });
        tf.dispose(sums);
        sums = next;
      }
      return Object.fromEntries(this.#trained.map((name, i) => [name, sums[i]!]));
    });
  }

  dispose(): void {
    this.#graph.dispose();
  }
}

/** `used` rows from `start` on, and zeros after them up to `size` rows. */
function rowsOf(input: Tensor, start: number, used: number, size: number): Tensor {
  const others = input.shape.slice(1);
  const rows = tf.slice(input, [start, ...others.map(() => 0)], [used, ...others]);
  if (used === size) return rows;
  return tf.pad(rows, [[0, size - used], ...others.map(() => [0, 0] as [number, number])]);
}
