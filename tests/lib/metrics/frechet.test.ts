import { describe, expect, it } from 'vitest';
import { SeededStream } from '../../../lib/core/rng.js';
import { FeatureMoments, frechetDistance } from '../../../lib/metrics/frechet.js';

const moments = (rows: number[][]): FeatureMoments => {
  const collected = new FeatureMoments(rows[0]!.length);
  for (const row of rows) collected.add(row, 1);
  return collected;
};

/** Printed digits of the oracle. */
const nineDecimals = 9;

const x = [
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
  [3, 3],
  [3, 4],
  [4, 3],
  [4, 4],
];
const y = [
  [0.5, 0.5],
  [0.2, 0.9],
  [1.1, 0.1],
  [3.5, 3.5],
  [3.2, 3.9],
  [4.1, 3.1],
];
const z = [
  [0.4, 0.6],
  [3.6, 3.4],
  [2, 2],
];

describe('Fréchet distance', () => {
  it('has the values of closed forms', () => {
    // numpy/scipy: |m1 - m2|^2 + trace(c1 + c2 - 2 * scipy.linalg.sqrtm(c1 @ c2)) with np.cov(rows, rowvar=False)
    expect(frechetDistance(moments(x), moments(y))).toBeCloseTo(0.01013158, nineDecimals - 1);
    expect(frechetDistance(moments(x), moments(z))).toBeCloseTo(0.348075983, nineDecimals);
    expect(frechetDistance(moments(x), moments(x))).toBeCloseTo(0, nineDecimals);
  });

  it('is the squared shift when covariances are equal, whatever the offset of the features', () => {
    const shifted = x.map(([a, b]) => [a! + 1000, b! + 2000]);
    const moved = shifted.map(([a, b]) => [a! + 3, b! - 4]);
    expect(frechetDistance(moments(shifted), moments(moved))).toBeCloseTo(25, 6);
  });

  it('is symmetric and does not depend on batches', () => {
    const stream = new SeededStream(1);
    const rows = Array.from({ length: 40 }, () => Array.from({ length: 5 }, () => stream.normal()));
    const others = rows.map((row) => row.map((value, i) => value * (i + 1) + stream.normal()));
    const together = new FeatureMoments(5);
    together.add(rows.flat(), 40);
    expect(frechetDistance(moments(rows), moments(others))).toBeCloseTo(
      frechetDistance(moments(others), together),
      nineDecimals,
    );
  });

  it('refuses sizes that differ and sets that are too small', () => {
    expect(() => frechetDistance(moments(x), moments([[1], [2]]))).toThrow('sizes differ; got [2,1]');
    expect(() => frechetDistance(moments(x), moments([[1, 2]]))).toThrow('too few rows; got 1, expected at least 2');
  });
});
