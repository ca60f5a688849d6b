import { derive, type Sensitive } from '../mechanisms/index.js';

/**
 * A function that computes something from sealed rows once for each set, for all scores of this process: moments, radii. What
 * it computes stays sealed. A failure is not kept.
 */
export function derivedOnce<T, R>(
  compute: (rows: T, signal?: AbortSignal) => Promise<R>,
): (rows: Sensitive<T>, signal?: AbortSignal) => Promise<Sensitive<R>> {
  const kept = new WeakMap<Sensitive<T>, Promise<Sensitive<R>>>();
  return (rows, signal) => {
    const found = kept.get(rows) ?? derive(rows, (values) => compute(values, signal));
    kept.set(rows, found);
    found.catch(() => kept.delete(rows));
    return found;
  };
}
