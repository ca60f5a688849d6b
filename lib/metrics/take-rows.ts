import type { SeededStream } from '../core/rng.js';
import type { FeatureRows } from './features/feature-store.js';

/** Some feature rows: those at given places, or at most so many by chance, all different. The same object when all are taken. */
export function takeRows(from: FeatureRows, places: ArrayLike<number>): FeatureRows;
export function takeRows(from: FeatureRows, atMost: number, stream: SeededStream): FeatureRows;
export function takeRows(from: FeatureRows, chosen: ArrayLike<number> | number, stream?: SeededStream): FeatureRows {
  if (typeof chosen !== 'number') return rowsAt(from, chosen);
  if (from.rows <= chosen || !stream) return from;
  return rowsAt(from, stream.permutation(from.rows).subarray(0, chosen));
}

function rowsAt({ size, classes, features, logits }: FeatureRows, places: ArrayLike<number>): FeatureRows {
  const rows = places.length;
  const taken = {
    rows,
    size,
    classes,
    features: new Float32Array(rows * size),
    logits: new Float32Array(rows * classes),
  };
  for (let i = 0; i < rows; i++) {
    const at = places[i]!;
    taken.features.set(features.subarray(at * size, (at + 1) * size), i * size);
    taken.logits.set(logits.subarray(at * classes, (at + 1) * classes), i * classes);
  }
  return taken;
}
