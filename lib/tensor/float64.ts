import type { Tensor } from '@tensorflow/tfjs-node';
import { OptionError } from '../core/errors.js';
import { Float64Graph, type Doubles, type Float64Nodes } from './float64-graph.js';
import type { ValueRef } from './replay/recording.js';

/** Eigenvalues in ascending order, and vectors if asked. */
const eigen = (graph: Float64Nodes, matrix: ValueRef, vectors: boolean) =>
  graph.op('SelfAdjointEigV2', [matrix], [graph.type(), graph.flag('compute_v', vectors)], 2);

const centredProducts = new Float64Graph((graph) => {
  const rows = graph.floats(2);
  const mean = graph.rowMean(rows);
  const centred = graph.subtract(rows, mean);
  return [mean, graph.matMul(centred, centred, { a: true })];
});
const choleskyGraph = new Float64Graph((graph) => graph.op('Cholesky', [graph.doubles(2)], [graph.type()]));
const eigenGraph = new Float64Graph((graph) => eigen(graph, graph.doubles(2), true));
const congruence = new Float64Graph((graph) => {
  const [factor, matrix] = [graph.doubles(2), graph.doubles(2)];
  const inner = graph.matMul(graph.matMul(factor, matrix, { a: true }), factor);
  return [eigen(graph, inner, false)[0]!];
});
/** The same with halves [[a, 0], [b, c]] of a lower factor and [[p, .], [q, r]] of the matrix: 9 products of 16. */
const lowerCongruence = new Float64Graph((graph) => {
  const [a, b, c, p, q, r] = Array.from({ length: 6 }, () => graph.doubles(2)) as [ValueRef, ValueRef, ValueRef, ValueRef, ValueRef, ValueRef]; // prettier-ignore
  const upper = graph.add(graph.matMul(p, a), graph.matMul(q, b, { a: true }));
  const lower = graph.add(graph.matMul(q, a), graph.matMul(r, b));
  const corner = graph.add(graph.matMul(a, upper, { a: true }), graph.matMul(b, lower, { a: true }));
  const side = graph.matMul(c, lower, { a: true });
  const inner = graph.symmetricBlocks(corner, side, graph.matMul(graph.matMul(c, r, { a: true }), c));
  return [eigen(graph, inner, false)[0]!];
});
const rowCongruence = new Float64Graph((graph) => {
  const centred = graph.subtract(graph.floats(2), graph.doubles(2));
  const inner = graph.matMul(graph.matMul(centred, graph.doubles(2)), centred, { b: true });
  return [eigen(graph, inner, false)[0]!];
});

/**
 * Mean and centred sums of products of the rows of a float32 matrix, in double precision.
 *
 * @param rows `[n, d]`; the caller's.
 * @returns the mean `[d]` and the sum over rows of (x - mean)(x - mean)^T, `[d, d]`.
 */
export async function momentsInFloat64(rows: Tensor): Promise<{ mean: Float64Array; products: Float64Array }> {
  const [mean, products] = await centredProducts.run([rows]);
  return { mean: mean!, products: products! };
}

/**
 * The lower Cholesky factor `[d, d]` of a symmetric matrix, or nothing when it is not positive definite.
 *
 * @example await choleskyFactor(Float64Array.of(4, 2, 2, 2), 2)   // 2, 0, 1, 1
 */
export async function choleskyFactor(matrix: Float64Array, d: number): Promise<Float64Array | undefined> {
  checkSymmetric('choleskyFactor', matrix, d);
  const [factor] = await choleskyGraph.run([square(matrix, d)]);
  // A negative pivot has no root, and what depends on it is no number either.
  for (let i = 0; i < d; i++) if (!Number.isFinite(factor![i * (d + 1)])) return undefined;
  return factor;
}

/** Eigenvalues of a symmetric matrix in ascending order; column k of `vectors` is the unit vector of value k. */
export interface SymmetricEigen {
  readonly values: Float64Array; // [d]
  readonly vectors: Float64Array; // [d, d]
}

/**
 * Eigenvalues and eigenvectors of a real symmetric matrix in double precision.
 *
 * @param matrix `[d, d]` by rows.
 * @throws OptionError when it is not d times d long, holds NaN or infinity, or is not symmetric.
 * @example (await symmetricEigen(Float64Array.of(2, 1, 1, 2), 2)).values   // 1, 3
 */
export async function symmetricEigen(matrix: Float64Array, d: number): Promise<SymmetricEigen> {
  checkSymmetric('symmetricEigen', matrix, d);
  const [values, vectors] = await eigenGraph.run([square(matrix, d)]);
  return { values: values!, vectors: vectors! };
}

/**
 * Eigenvalues of F^T S F in ascending order: where C = F F^T they are those of C S, with zeros left out or added.
 *
 * @param factor F, `[d, k]` by rows.
 * @param matrix S, symmetric, `[d, d]`.
 */
export async function congruentEigenvalues(
  factor: Float64Array,
  matrix: Float64Array,
  d: number,
): Promise<Float64Array> {
  checkSymmetric('congruentEigenvalues', matrix, d);
  return (await congruence.run([{ values: factor, shape: [d, factor.length / d] }, square(matrix, d)]))[0]!;
}

/** The same where F is lower triangular, `[d, d]`, in less time: half of it is zero, and the result is symmetric. */
export async function lowerCongruentEigenvalues(
  factor: Float64Array,
  matrix: Float64Array,
  d: number,
): Promise<Float64Array> {
  if (d < 2) return congruentEigenvalues(factor, matrix, d);
  checkSymmetric('lowerCongruentEigenvalues', matrix, d);
  const half = d >> 1;
  const parts = (of: Float64Array) => [
    block(of, d, 0, half, 0, half),
    block(of, d, half, d, 0, half),
    block(of, d, half, d, half, d),
  ];
  return (await lowerCongruence.run([...parts(factor), ...parts(matrix)]))[0]!;
}

/** Rows `top` up to `bottom` and columns `left` up to `right` of a matrix with d columns. */
function block(matrix: Float64Array, d: number, top: number, bottom: number, left: number, right: number): Doubles {
  const width = right - left;
  const values = new Float64Array((bottom - top) * width);
  for (let row = top; row < bottom; row++)
    values.set(matrix.subarray(row * d + left, row * d + right), (row - top) * width);
  return { values, shape: [bottom - top, width] };
}

/** The same with F^T the rows of a float32 matrix `[k, d]` less their mean `[d]`: k values. */
export async function rowEigenvalues(rows: Tensor, mean: Float64Array, matrix: Float64Array): Promise<Float64Array> {
  const d = mean.length;
  checkSymmetric('rowEigenvalues', matrix, d);
  return (await rowCongruence.run([rows, { values: mean, shape: [1, d] }, square(matrix, d)]))[0]!;
}

const square = (values: Float64Array, d: number) => ({ values, shape: [d, d] });

function checkSymmetric(asked: string, matrix: Float64Array, d: number): void {
  const refuse = (wrong: string, got: unknown, expected: string) => new OptionError({ asked, wrong, got, expected });
  if (!Number.isSafeInteger(d) || d < 1 || matrix.length !== d * d)
    throw refuse('the matrix is not square', `${matrix.length} values for d = ${d}`, 'd times d values, d at least 1');
  let largest = 0;
  for (const value of matrix) {
    if (!Number.isFinite(value)) throw refuse('the matrix holds a value that is no number', value, 'finite values');
    largest = Math.max(largest, Math.abs(value));
  }
  for (let row = 0; row < d; row++)
    for (let column = 0; column < row; column++) {
      const [below, above] = [matrix[row * d + column]!, matrix[column * d + row]!];
      // Sums in another order differ in their last digits: 1e-6 covers float32 products, and no real asymmetry.
      if (Math.abs(below - above) <= 1e-6 * largest) continue;
      const wrong = `the matrix is not symmetric at [${row}, ${column}]`;
      throw refuse(wrong, below, `${above} as at [${column}, ${row}]`);
    }
}
