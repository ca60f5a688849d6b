import { tf, type Replay, type Tensor, type Tensor2D } from '../tensor/index.js';
import type { FeatureRows } from './features/feature-store.js';

/** Distances of one block on the engine: 8 MB, which stay in the processor's cache. */
const blockValues = 2 ** 21;
/** Distances that are kept for all passes: 1 GB. */
const keptValues = 2 ** 28;

/** Rows from `start` up to `end`. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

export function* stretches(first: number, last: number, step: number): Generator<Stretch> {
  for (let start = first; start < last; start += step) yield { start, end: Math.min(last, start + step) };
}

/** Squared distances of rows to centres, a block of rows at a time; kept on the engine where they are not too many. */
export class DistanceBlocks {
  readonly #kept = new Map<number, Tensor>();
  readonly #centres: Tensor2D;
  readonly #keep: boolean;

  constructor(
    readonly distances: Replay,
    readonly of: FeatureRows,
    centres: FeatureRows,
    keep = true,
  ) {
    this.#centres = tf.tensor2d(centres.features, [centres.rows, centres.size]);
    this.#keep = keep && of.rows * centres.rows <= keptValues;
  }

  get rows(): number {
    return this.of.rows;
  }

  get size(): number {
    return this.of.size;
  }

  /** A batch begins with a block of its own. */
  within({ start, end }: Stretch) {
    return stretches(start, end, Math.max(1, Math.floor(blockValues / this.#centres.shape[0])));
  }

  /** What a graph gives for the distances of some rows and vectors. */
  async compute(graph: Replay, start: number, end: number, vectors: readonly Float32Array[]): Promise<Float32Array[]> {
    const distances = this.#kept.get(start) ?? this.#between(start, end);
    if (this.#keep) this.#kept.set(start, distances);
    const inputs = vectors.map((vector) => tf.tensor1d(vector));
    const results = graph.run([distances, ...inputs]);
    tf.dispose(inputs);
    if (!this.#keep) distances.dispose();
    const values = await Promise.all(results.map((result) => result.data<'float32'>()));
    tf.dispose(results);
    return values;
  }

  #between(start: number, end: number): Tensor {
    const { features, size } = this.of;
    const block = tf.tensor2d(features.subarray(start * size, end * size), [end - start, size]);
    const [distances] = this.distances.run([block, this.#centres]);
    block.dispose();
    return distances!;
  }

  dispose(): void {
    tf.dispose([this.#centres, ...this.#kept.values()]);
  }
}

/**
 * |x|² + |c|² - 2 x·c in one product. What rounding leaves of a row's distance to its copy is taken off, so that it is below 0: a
 * variance can be e^-40, and must see a distance of 0.
 */
export function augmentedDistances(x: Tensor, c: Tensor): Tensor[] {
  const rounding = (x.shape[1]! + 24) * 2 ** -50; // relative; eight times what the sums can be off
  const squares = (rows: Tensor) => {
    const whole = rows.square().sum(1, true);
    return whole.sub(whole.mul(rounding));
  };
  const ones = (rows: Tensor) => tf.ones([rows.shape[0]!, 1]);
  const left = tf.concat([x, squares(x), ones(x)], 1); // [rows, d + 2]
  const right = tf.concat([c.mul(-2), ones(c), squares(c)], 1); // [centres, d + 2]
  return [tf.matMul(left as Tensor2D, right as Tensor2D, false, true)];
}
