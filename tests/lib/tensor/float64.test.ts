import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../lib/core/rng.js';
import {
  choleskyFactor,
  congruentEigenvalues,
  lowerCongruentEigenvalues,
  momentsInFloat64,
  rowEigenvalues,
  setupEngine,
  symmetricEigen,
  tf,
} from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

/** Double precision, times the growth over some hundred rotations. */
const float64Error = 1e-11;

function symmetric(d: number, at: (row: number, column: number) => number): Float64Array {
  const matrix = new Float64Array(d * d);
  for (let i = 0; i < d; i++) for (let j = 0; j <= i; j++) matrix[i * d + j] = matrix[j * d + i] = at(i, j);
  return matrix;
}

const differences = (d: number) => symmetric(d, (i, j) => (i === j ? 2 : i - j === 1 ? -1 : 0));
const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

describe('double precision on the engine', () => {
  it('symmetricEigen gives 2 - 2 cos(k pi / (d + 1)) for second differences, ascending', async () => {
    const d = 50;
    const { values } = await symmetricEigen(differences(d), d);
    const expected = Array.from({ length: d }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (d + 1)));
    expect(largestDifference(values, expected)).toBeLessThan(float64Error);
  });

  it('symmetricEigen gives unit vectors v with A v = value v, for matrices with repeated and zero values', async () => {
    const random = new SeededStream(1);
    for (const d of [1, 2, 17, 64]) {
      const matrix = symmetric(d, (i, j) => (i > d / 2 || j > d / 2 ? 0 : random.uniform() - 0.5));
      const { values, vectors } = await symmetricEigen(matrix, d);
      let largest = 0;
      for (let k = 0; k < d; k++) {
        let length = 0;
        for (let i = 0; i < d; i++) {
          let product = 0;
          for (let j = 0; j < d; j++) product += matrix[i * d + j]! * vectors[j * d + k]!;
          largest = Math.max(largest, Math.abs(product - values[k]! * vectors[i * d + k]!));
          length += vectors[i * d + k]! ** 2;
        }
        largest = Math.max(largest, Math.abs(length - 1));
      }
      expect(largest).toBeLessThan(float64Error);
      expect([...values]).toEqual([...values].sort((a, b) => a - b));
    }
  });

  it('choleskyFactor gives the lower factor, or nothing where there is none', async () => {
    expect([...(await choleskyFactor(Float64Array.of(4, 2, 2, 2), 2))!]).toEqual([2, 0, 1, 1]);
    expect(await choleskyFactor(Float64Array.of(1, 2, 2, 1), 2)).toBeUndefined();
    expect(await choleskyFactor(Float64Array.of(0, 0, 0, 1), 2)).toBeUndefined();
  });

  it('congruentEigenvalues are those of the product, from a square and from a narrow factor', async () => {
    const d = 20;
    const matrix = differences(d);
    const factor = (await choleskyFactor(matrix, d))!;
    const { values } = await symmetricEigen(matrix, d);
    const squares = values.map((value) => value ** 2); // of A A
    expect(largestDifference(await congruentEigenvalues(factor, matrix, d), squares)).toBeLessThan(float64Error);
    expect(largestDifference(await lowerCongruentEigenvalues(factor, matrix, d), squares)).toBeLessThan(float64Error);
    for (const d of [1, 2, 7]) {
      // Halves of unequal size: a full lower factor and a full matrix, against the product of all.
      const random = new SeededStream(d);
      const other = symmetric(d, (i, j) => (i === j ? d : random.uniform()));
      const lower = (await choleskyFactor(
        symmetric(d, (i, j) => (i === j ? d : random.uniform())),
        d,
      ))!;
      const whole = await congruentEigenvalues(lower, other, d);
      expect(largestDifference(await lowerCongruentEigenvalues(lower, other, d), whole)).toBeLessThan(float64Error);
    }
    // A column e of ones: e^T A e = 2, because all but the ends of second differences cancel.
    const [only] = await congruentEigenvalues(new Float64Array(d).fill(1), matrix, d);
    expect(only).toBeCloseTo(2, 10);
  });

  it('momentsInFloat64 and rowEigenvalues keep digits that float32 has not, and leave no tensor', async () => {
    const before = tf.memory().numTensors;
    // 4096 + k / 1024, k = 0 … n - 1: the sum of squares about the mean is n (n² - 1) / 12 / 1024².
    const n = 1000;
    const rows = tf.tensor2d(
      Float32Array.from({ length: n }, (_, k) => 4096 + k / 1024),
      [n, 1],
    );
    const exact = (n * (n * n - 1)) / 12 / 1024 ** 2;
    const { mean, products } = await momentsInFloat64(rows);
    expect(mean[0]).toBe(4096 + 999 / 2048);
    expect(products[0]! / exact).toBeCloseTo(1, 12);
    const values = await rowEigenvalues(rows, mean, Float64Array.of(3));
    expect(values).toHaveLength(n);
    expect(values.at(-1)! / (3 * exact)).toBeCloseTo(1, 10);
    rows.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('does not change what it is given, and takes views at any place', async () => {
    const matrix = Float64Array.of(9, 2, 1, 1, 2).subarray(1);
    expect(largestDifference((await symmetricEigen(matrix, 2)).values, [1, 3])).toBeLessThan(float64Error);
    expect([...matrix]).toEqual([2, 1, 1, 2]);
  });

  it('refuses what is no symmetric matrix', async () => {
    await expect(symmetricEigen(new Float64Array(5), 2)).rejects.toThrow(
      "symmetricEigen: the matrix is not square; got '5 values for d = 2', expected d times d values, d at least 1.",
    );
    await expect(choleskyFactor(Float64Array.of(1, NaN, NaN, 1), 2)).rejects.toThrow(
      'choleskyFactor: the matrix holds a value that is no number; got NaN, expected finite values.',
    );
    await expect(lowerCongruentEigenvalues(new Float64Array(4), Float64Array.of(1, 3, 2, 1), 2)).rejects.toThrow(
      'lowerCongruentEigenvalues: the matrix is not symmetric at [1, 0]',
    );
    await expect(congruentEigenvalues(new Float64Array(2), Float64Array.of(1, 3, 2, 1), 2)).rejects.toThrow(
      'congruentEigenvalues: the matrix is not symmetric at [1, 0]; got 2, expected 3 as at [0, 1].',
    );
  });
});
