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
/** Rows more than the neighbours that are looked at exactly. */
const spare = 12;
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
  const targets = bounds.targets(rows, 'lower');
  const kept = Math.min(rows.rows, neighbour + spare);
  const squaredRadii = new Float64Array(rows.rows);
  const nearest = (block: Tensor2D) => {
    const { values, indices } = tf.topk(tf.matMul(block, targets, false, true), kept, true);
    return [values, indices];
  };
  const task = new ProgressTask(`nearest neighbours of the ${whose} images`, rows.rows, signal);
  try {
    for await (const { start, end, values } of blocks(rows, bounds, 'lower', rows.rows, nearest, task)) {
      const [negated, places] = values as [Float32Array, Int32Array];
      for (let row = start; row < end; row++) {
        const from = (row - start) * kept;
        const radius = distanceTo(neighbour, rows, row, places.subarray(from, from + kept));
        // Rows that were not kept are at least as far as the last one's bound.
        const sure = kept === rows.rows || radius === 0 || radius <= -negated[from + kept - 1]!;
        squaredRadii[row] = sure ? radius : distanceTo(neighbour, rows, row);
      }
    }
    task.done();
  } finally {
    targets.dispose();
  }
  return { rows, squaredRadii };
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

/** Squared distance of a row to its neighbour of that number among some rows, or all: itself is the first, at 0. */
function distanceTo(neighbour: number, rows: FeatureRows, row: number, among?: ArrayLike<number>): number {
  const last = neighbour - 1;
  const smallest = new Float64Array(neighbour).fill(Infinity);
  smallest[0] = 0;
  const count = among?.length ?? rows.rows;
  for (let i = 0; i < count; i++) {
    const other = among?.[i] ?? i;
    if (other === row) continue;
    const distance = squaredDistance(rows, row, rows, other, smallest[last]!);
    if (distance >= smallest[last]!) continue;
    let at = last;
    for (; at > 0 && smallest[at - 1]! > distance; at--) smallest[at] = smallest[at - 1]!;
    smallest[at] = distance;
  }
  return smallest[last]!;
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
