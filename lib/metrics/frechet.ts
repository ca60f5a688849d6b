import { OptionError } from '../core/errors.js';
import {
  choleskyFactor,
  congruentEigenvalues,
  lowerCongruentEigenvalues,
  momentsInFloat64,
  rowEigenvalues,
  symmetricEigen,
  tf,
} from '../tensor/index.js';
import { checkFeatures } from './check-features.js';
import type { FeatureRows } from './features/feature-store.js';

/** Mean and covariance of feature rows, in double precision. */
export interface FeatureMoments {
  readonly rows: number;
  readonly size: number;
  readonly mean: Float64Array; // [size]
  readonly covariance: Float64Array; // [size, size], divisor rows - 1
  /** The rows themselves where they are no more than `size`: a smaller factor of the covariance than any other. */
  readonly few?: Float32Array; // [rows, size]
  /** F with covariance = F F^T, where it is known: see `factored`. */
  readonly factor?: Factor;
}

interface Factor {
  readonly values: Float64Array; // [size, size]
  /** Whether it is lower triangular. */
  readonly lower: boolean;
}

type Factored = FeatureMoments & { readonly factor: Factor };

/** Values of one block of rows on the engine: 128 MB as doubles. */
const blockValues = 2 ** 24;

/** @param whose `synthetic` or `training`, for messages */
export async function featureMoments(from: FeatureRows, whose: string, signal?: AbortSignal): Promise<FeatureMoments> {
  const { features, rows, size } = from;
  checkFeatures('Fréchet distance', whose, from, 2);
  const blockRows = Math.max(1, Math.floor(blockValues / size));
  let sums: Sums | undefined;
  for (let start = 0; start < rows; start += blockRows) {
    signal?.throwIfAborted();
    const end = Math.min(rows, start + blockRows);
    const found = await blockMoments(features.subarray(start * size, end * size), size);
    const block = { count: end - start, ...found };
    sums = sums ? merged(sums, block) : block;
  }
  const { mean, products: covariance } = sums!;
  for (let i = 0; i < covariance.length; i++) covariance[i]! /= rows - 1;
  return { rows, size, mean, covariance, ...(rows <= size && { few: features }) };
}

async function blockMoments(values: Float32Array, size: number) {
  const tensor = tf.tensor2d(values, [values.length / size, size]);
  try {
    return await momentsInFloat64(tensor);
  } finally {
    tensor.dispose();
  }
}

interface Sums {
  readonly count: number;
  readonly mean: Float64Array;
  readonly products: Float64Array;
}

/** Sums about the mean of both (Chan, Golub and LeVeque 1983); the products of the first are overwritten. */
function merged(first: Sums, block: Sums): Sums {
  const count = first.count + block.count;
  const { products } = first;
  const size = first.mean.length;
  const difference = block.mean.map((mean, i) => mean - first.mean[i]!);
  const weight = (first.count * block.count) / count;
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      products[i * size + j]! += block.products[i * size + j]! + weight * difference[i]! * difference[j]!;
  return { count, mean: first.mean.map((mean, i) => mean + (difference[i]! * block.count) / count), products };
}

/**
 * Squared Fréchet distance of two Gaussians: |m1 - m2|^2 + tr C1 + tr C2 - 2 tr (C1 C2)^(1/2). The last trace is the sum of the
 * roots of the eigenvalues of F^T C2 F for any factor C1 = F F^T: no complex number arises, and no matrix root is taken.
 * Heusel et al. 2017, arXiv 1706.08500, eq. 6.
 *
 * @returns at least 0 but for rounding, in squared units of the features.
 * @throws OptionError when the sizes differ.
 */
export async function frechetDistance(a: FeatureMoments, b: FeatureMoments): Promise<number> {
  const { size } = a;
  if (b.size !== size)
    throw new OptionError({ asked: 'frechetDistance', wrong: 'sizes differ', got: [size, b.size], expected: 'equal' });
  let distance = 0;
  for (let i = 0; i < size; i++)
    distance += (a.mean[i]! - b.mean[i]!) ** 2 + a.covariance[i * (size + 1)]! + b.covariance[i * (size + 1)]!;
  for (const value of await productEigenvalues(a, b)) distance -= 2 * Math.sqrt(Math.max(0, value));
  return distance;
}

/** The same moments with a factor of the covariance: for several distances to one set. */
export async function factored(moments: FeatureMoments): Promise<Factored> {
  const { covariance, size } = moments;
  const lower = await choleskyFactor(covariance, size);
  const factor = lower ? { values: lower, lower: true } : { values: await eigenFactor(covariance, size), lower: false };
  return { ...moments, factor };
}

/** The eigenvalues of C1 C2 that are not zero, and perhaps some that are. */
async function productEigenvalues(a: FeatureMoments, b: FeatureMoments): Promise<Float64Array> {
  const [fewer, other] = a.rows <= b.rows ? [a, b] : [b, a];
  if (fewer.few) return fewRowsEigenvalues(fewer, fewer.few, other);
  const [{ factor, size }, { covariance }] = b.factor ? [b as Factored, a] : [await factored(a), b];
  const eigenvalues = factor.lower ? lowerCongruentEigenvalues : congruentEigenvalues;
  return eigenvalues(factor.values, covariance, size);
}

async function fewRowsEigenvalues({ rows, size, mean }: FeatureMoments, few: Float32Array, other: FeatureMoments) {
  const tensor = tf.tensor2d(few, [rows, size]);
  try {
    return (await rowEigenvalues(tensor, mean, other.covariance)).map((value) => value / (rows - 1));
  } finally {
    tensor.dispose();
  }
}

/** V w^(1/2) of a covariance V w V^T that has no Cholesky factor: some features never change. */
async function eigenFactor(covariance: Float64Array, size: number): Promise<Float64Array> {
  const { values, vectors } = await symmetricEigen(covariance, size);
  const rounding = size * Number.EPSILON * Math.max(...values); // what lies below is zero
  const roots = values.map((value) => (value > rounding ? Math.sqrt(value) : 0));
  return vectors.map((entry, at) => entry * roots[at % size]!);
}
