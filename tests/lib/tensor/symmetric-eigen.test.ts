import { describe, expect, it } from 'vitest';
import { SeededStream } from '../../../lib/core/rng.js';
import { symmetricEigen } from '../../../lib/tensor/index.js';

/** Double precision, times the growth over some hundred rotations. */
const float64Error = 1e-11;

function symmetric(d: number, at: (row: number, column: number) => number): Float64Array {
  const matrix = new Float64Array(d * d);
  for (let i = 0; i < d; i++) for (let j = 0; j <= i; j++) matrix[i * d + j] = matrix[j * d + i] = at(i, j);
  return matrix;
}

describe('symmetricEigen', () => {
  it('gives 2 - 2 cos(k pi / (d + 1)) for second differences, ascending', () => {
    const d = 50;
    const { values } = symmetricEigen(
      symmetric(d, (i, j) => (i === j ? 2 : i - j === 1 ? -1 : 0)),
      d,
    );
    for (let k = 0; k < d; k++) {
      expect(Math.abs(values[k]! - (2 - 2 * Math.cos(((k + 1) * Math.PI) / (d + 1))))).toBeLessThan(float64Error);
    }
  });

  it('gives unit vectors v with A v = value v, for random matrices with repeated and zero values', () => {
    const random = new SeededStream(1);
    for (const d of [1, 2, 17, 64]) {
      const matrix = symmetric(d, (i, j) => (i > d / 2 || j > d / 2 ? 0 : random.uniform() - 0.5));
      const { values, vectors } = symmetricEigen(matrix, d);
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

  it('takes an empty matrix and does not change what it is given', () => {
    expect(symmetricEigen(new Float64Array(0), 0).values).toHaveLength(0);
    const matrix = Float64Array.of(2, 1, 1, 2);
    symmetricEigen(matrix, 2);
    expect([...matrix]).toEqual([2, 1, 1, 2]);
  });

  it('refuses what is no symmetric matrix', () => {
    expect(() => symmetricEigen(new Float64Array(5), 2)).toThrow(
      "symmetricEigen: the matrix is not square; got '5 values for d = 2', expected d times d values.",
    );
    expect(() => symmetricEigen(Float64Array.of(1, NaN, NaN, 1), 2)).toThrow(
      'symmetricEigen: the matrix holds a value that is no number; got NaN, expected finite values.',
    );
    expect(() => symmetricEigen(Float64Array.of(1, 3, 2, 1), 2)).toThrow(
      'symmetricEigen: the matrix is not symmetric at [1, 0]; got 2, expected 3 as at [0, 1].',
    );
  });
});
