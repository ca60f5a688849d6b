import { ProgressTask } from '../core/progress.js';
import { tf, type Tensor, type Tensor2D } from '../tensor/index.js';
import { BoundedDistances } from './bounded-distances.js';
import { checkFeatures } from './check-features.js';
import type { FeatureRows } from './features/feature-store.js';

/** Balls about feature rows: what a set of images covers. */
export interface Manifold {
  readonly rows: FeatureRows;
  /** Squared distance of each row to its neighbour of that number, in double precision. */
  readonly squaredRadii: Float64Array; // [rows]
}

/** Neighbours that give a radius: the third other row, because a row is its own first neighbour. */
export const neighbours = 4;
/**
 * Rows are told apart by groups of this many first: the nearest of each group is the largest of as many columns, which the engine finds
 * in a third of the time that a list of the nearest rows takes.
 */
const groupSize = 16;
/** Groups whose rows are measured exactly: more than the neighbours, which may lie in one each. */
const keptGroups = 12;
/** Distances of one block on the engine: 128 MB. */
const blockValues = 2 ** 25;

/**
 * The manifold of Kynkäänniemi et al. 2019, arXiv 1904.06991, section 2: a ball about each row up to its third neighbour.
 * Products in float32 find the nearest rows, double precision measures them: the radii are those of all pairs in float64.
 *
 * @param whose `synthetic` or `training`, for messages
 * @param neighbour which one gives the radius, the row itself being the first
 * @throws OptionError for fewer rows than that or features that are no numbers.
 */
export async function manifoldOf(
  rows: FeatureRows,
  whose: string,
  signal?: AbortSignal,
  neighbour = neighbours,
): Promise<Manifold> {
  checkFeatures('manifold of images', whose, rows, neighbour);
  const bounds = BoundedDistances.about(rows);
  const groups = Math.ceil(rows.rows / groupSize);
  const targets = padded(bounds.targets(rows, 'lower'), groups * groupSize);
  const kept = Math.min(groups, Math.max(keptGroups, 2 * neighbour));
  const squaredRadii = new Float64Array(rows.rows);
  const nearest = (block: Tensor2D) => {
    const distances = tf.matMul(block, targets, false, true); // [block, groupSize * groups]
    const { values, indices } = tf.topk(distances.reshape([-1, groupSize, groups]).max(1), kept, true);
    return [values, indices];
  };
  const task = new ProgressTask(`nearest neighbours of the ${whose} images`, rows.rows, signal);
  try {
    for await (const { start, end, values } of blocks(rows, bounds, 'lower', rows.rows, nearest, task)) {
      const [negated, places] = values as [Float32Array, Int32Array];
      for (let row = start; row < end; row++) {
        const nearby = new Nearby(rows, row, neighbour);
        const from = (row - start) * kept;
        for (let at = from; at < from + kept && nearby.limit > -negated[at]!; at++)
          for (let other = places[at]!; other < rows.rows; other += groups) nearby.offer(other);
        // Rows of other groups are at least as far as the last one's bound.
        if (kept < groups && nearby.limit > -negated[from + kept - 1]!) nearby.offerAll();
        squaredRadii[row] = nearby.limit;
      }
    }
    task.done();
  } finally {
    targets.dispose();
  }
  return { rows, squaredRadii };
}

/** With rows added that are far from everything. */
function padded(targets: Tensor2D, rows: number): Tensor2D {
  const missing = rows - targets.shape[0];
  if (missing === 0) return targets;
  const [, width] = targets.shape;
  const far = Float32Array.from({ length: missing * width }, (_, i) => (i % width === width - 2 ? -1e30 : 0));
  const all = tf.tidy(() => tf.concat([targets, tf.tensor2d(far, [missing, width])]));
  targets.dispose();
  return all;
}

/** The nearest rows of one row so far, itself the first at distance 0; in double precision. */
class Nearby {
  readonly #squared: Float64Array;
  readonly #last: number;

  constructor(
    readonly rows: FeatureRows,
    readonly row: number,
    neighbour: number,
  ) {
    this.#last = neighbour - 1;
    this.#squared = new Float64Array(neighbour).fill(Infinity);
    this.#squared[0] = 0;
  }

  /** Squared distance to the neighbour of that number. */
  get limit(): number {
    return this.#squared[this.#last]!;
  }

  offer(other: number): void {
    if (other === this.row) return;
    const distance = squaredDistance(this.rows, this.row, this.rows, other, this.limit);
    if (distance >= this.limit) return;
    let at = this.#last;
    for (; at > 0 && this.#squared[at - 1]! > distance; at--) this.#squared[at] = this.#squared[at - 1]!;
    this.#squared[at] = distance;
  }

  /** Begins anew with all rows. */
  offerAll(): void {
    this.#squared.fill(Infinity, 1);
    for (let other = 0; other < this.rows.rows; other++) this.offer(other);
  }
}

/**
 * How many query rows lie in a ball of the manifold, strictly. Products in float32 decide where rounding cannot matter, double
 * precision decides the rest: the count is that of all pairs in float64.
 */
export async function countInside(queries: FeatureRows, manifold: Manifold, signal?: AbortSignal): Promise<number> {
  checkFeatures('manifold of images', 'scored', queries);
  const { rows, squaredRadii } = manifold;
  const bounds = BoundedDistances.about(rows);
  const sides = ['lower', 'upper'] as const;
  const targets = sides.map((side) => bounds.targets(rows, side, squaredRadii));
  const inside = new Map<number, 'no' | 'unsure'>();
  const task = new ProgressTask('images inside a manifold', 2 * queries.rows, signal);
  try {
    for (const [pass, side] of sides.entries()) {
      const deepest = (block: Tensor2D) => [tf.max(tf.matMul(block, targets[pass]!, false, true), 1)];
      for await (const { start, values } of blocks(queries, bounds, side, rows.rows, deepest, task, pass))
        values[0]!.forEach((depth, i) => {
          // Not inside even by the lower bound of its distances: no. Not inside by the upper bound: unsure.
          if (depth <= 0 && !inside.has(start + i)) inside.set(start + i, side === 'lower' ? 'no' : 'unsure');
        });
    }
    let count = queries.rows - inside.size;
    for (const [row, state] of inside) {
      if (state === 'no') continue;
      await task.pause();
      if (isInside(queries, row, manifold)) count++;
    }
    task.done();
    return count;
  } finally {
    tf.dispose(targets);
  }
}

/** What `compute` gives for the rows, a block at a time. */
async function* blocks(
  rows: FeatureRows,
  bounds: BoundedDistances,
  side: 'lower' | 'upper',
  columns: number,
  compute: (block: Tensor2D) => Tensor[],
  task: ProgressTask,
  pass = 0,
) {
  const size = Math.max(1, Math.floor(blockValues / columns));
  for (let start = 0; start < rows.rows; start += size) {
    await task.pause();
    const end = Math.min(rows.rows, start + size);
    const found = tf.tidy(() => compute(bounds.queries(rows, start, end, side)));
    const values = await Promise.all(found.map((tensor) => tensor.data<'float32' | 'int32'>()));
    tf.dispose(found);
    yield { start, end, values };
    task.report({ step: pass * rows.rows + end });
  }
}

function isInside(queries: FeatureRows, row: number, { rows, squaredRadii }: Manifold): boolean {
  return squaredRadii.some((limit, center) => squaredDistance(queries, row, rows, center, limit) < limit);
}

/** In double precision; a sum that reaches `limit` ends early. */
function squaredDistance(a: FeatureRows, row: number, b: FeatureRows, other: number, limit: number): number {
  const [from, to] = [row * a.size, other * b.size];
  let sum = 0;
  for (let i = 0; i < a.size && sum < limit; i++) sum += (a.features[from + i]! - b.features[to + i]!) ** 2;
  return sum;
}
