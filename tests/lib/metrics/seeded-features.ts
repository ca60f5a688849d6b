import type { FeatureRows } from '../../../lib/metrics/features/feature-store.js';

/** 32 bits of each counter: lowbias32 of Chris Wellons. */
function hashed(counter: number): number {
  let x = counter | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The rows of tests/golden/seeded_features.py, to the last bit: correlated, about normal. */
export function seededFeatures(seed: number, rows: number, size: number, shift = 0): FeatureRows {
  const bell = Float64Array.from({ length: rows * size }, (_, i) => {
    let sum = 0;
    for (let part = 0; part < 4; part++) sum += hashed(4 * i + part + seed * 0x10000000) >>> 10;
    return sum / 2 ** 22 - 2;
  });
  const features = Float32Array.from(bell, (value, i) => {
    const column = i % size;
    const next = bell[i - column + ((column + 1) % size)]!;
    return value / (1 + (column % 7)) + 0.5 * next + shift;
  });
  return { rows, size, features, classes: 0, logits: new Float32Array(0) };
}

/** Feature rows that are written out. */
export function featureRows(rows: readonly (readonly number[])[]): FeatureRows {
  const size = rows[0]?.length ?? 0;
  return { rows: rows.length, size, features: Float32Array.from(rows.flat()), classes: 0, logits: new Float32Array(0) };
}
