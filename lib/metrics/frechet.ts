import { OptionError } from '../core/errors.js';
import { symmetricEigen } from '../tensor/symmetric-eigen.js';

/** Running mean and covariance of feature rows, in double precision. */
export class FeatureMoments {
  #count = 0;
  readonly #sum: Float64Array;
  readonly #products: Float64Array;
  /** The first row is subtracted from all: sums of squares of large equal parts would lose digits. */
  #origin: Float64Array | undefined;

  constructor(readonly size: number) {
    this.#sum = new Float64Array(size);
    this.#products = new Float64Array(size * size);
  }

  /** Adds `rows` rows of `size` values each. */
  add(features: ArrayLike<number>, rows: number): void {
    const { size } = this;
    const row = new Float64Array(size);
    for (let r = 0; r < rows; r++) {
      this.#origin ??= Float64Array.from({ length: size }, (_, i) => features[i]!);
      for (let i = 0; i < size; i++) row[i] = features[r * size + i]! - this.#origin[i]!;
      for (let i = 0; i < size; i++) {
        const value = row[i]!;
        this.#sum[i]! += value;
        if (value === 0) continue;
        for (let j = 0; j <= i; j++) this.#products[i * size + j]! += value * row[j]!;
      }
    }
    this.#count += rows;
  }

  get count(): number {
    return this.#count;
  }

  mean(): Float64Array {
    return this.#sum.map((sum, i) => sum / this.#count + (this.#origin?.[i] ?? 0));
  }

  /** Covariance with divisor n - 1, `[size, size]`. */
  covariance(): Float64Array {
    const { size } = this;
    const n = this.#count;
    if (n < 2) throw new OptionError({ asked: 'covariance', wrong: 'too few rows', got: n, expected: 'at least 2' });
    const covariance = new Float64Array(size * size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j <= i; j++) {
        const value = (this.#products[i * size + j]! - (this.#sum[i]! * this.#sum[j]!) / n) / (n - 1);
        covariance[i * size + j] = value;
        covariance[j * size + i] = value;
      }
    return covariance;
  }
}

/**
 * Squared Fréchet distance of two Gaussians: |m1 - m2|^2 + tr C1 + tr C2 - 2 tr (C1 C2)^(1/2). The last trace is the sum of
 * the square roots of the eigenvalues of C1^(1/2) C2 C1^(1/2), which is symmetric: no complex numbers arise.
 * Heusel et al. 2017, arXiv 1706.08500, eq. 6.
 */
export function frechetDistance(a: FeatureMoments, b: FeatureMoments): number {
  const size = a.size;
  if (b.size !== size)
    throw new OptionError({ asked: 'frechetDistance', wrong: 'sizes differ', got: [size, b.size], expected: 'equal' });
  const [meanA, meanB] = [a.mean(), b.mean()];
  const [covarianceA, covarianceB] = [a.covariance(), b.covariance()];
  let distance = 0;
  for (let i = 0; i < size; i++)
    distance += (meanA[i]! - meanB[i]!) ** 2 + covarianceA[i * size + i]! + covarianceB[i * size + i]!;
  const root = squareRoot(covarianceA, size);
  const inner = multiply(multiply(root, covarianceB, size), root, size);
  for (const value of symmetricEigen(symmetrised(inner, size), size).values)
    distance -= 2 * Math.sqrt(Math.max(0, value));
  return distance;
}

/** The symmetric square root of a positive semidefinite matrix. */
function squareRoot(matrix: Float64Array, size: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, size);
  const root = new Float64Array(size * size);
  for (let k = 0; k < size; k++) {
    const weight = Math.sqrt(Math.max(0, values[k]!));
    if (weight === 0) continue;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) root[i * size + j]! += weight * vectors[i * size + k]! * vectors[j * size + k]!;
  }
  return root;
}

function multiply(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const product = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let k = 0; k < size; k++) {
      const value = a[i * size + k]!;
      for (let j = 0; j < size; j++) product[i * size + j]! += value * b[k * size + j]!;
    }
  return product;
}

function symmetrised(matrix: Float64Array, size: number): Float64Array {
  return matrix.map((value, at) => (value + matrix[(at % size) * size + Math.floor(at / size)]!) / 2);
}
