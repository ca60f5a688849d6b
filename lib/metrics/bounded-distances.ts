import { tf, type Tensor2D } from '../tensor/index.js';
import type { FeatureRows } from './features/feature-store.js';

/**
 * Bounds of squared distances by products in float32: |x - c|² = |x|² + |c|² - 2 x·c is one product of rows with three columns
 * more, and so is the bound of its rounding, (d + 24) 2^-23 (|x| + |c|)²: twice what a sum of d + 3 products in float32 can be off
 * in any order, the rounding of the rows included. All of it is relative to one centre, which makes the bound small.
 */
export class BoundedDistances {
  readonly #gamma: number;

  constructor(readonly centre: Float64Array) {
    this.#gamma = (centre.length + 24) * 2 ** -23;
  }

  /** About the mean of some rows. */
  static about({ features, rows, size }: FeatureRows): BoundedDistances {
    const sum = new Float64Array(size);
    for (let i = 0; i < features.length; i++) sum[i % size]! += features[i]!;
    return new BoundedDistances(sum.map((value) => value / rows));
  }

  /** Rows from `start` to `end` as the left factor. */
  queries(rows: FeatureRows, start: number, end: number, side: 'lower' | 'upper'): Tensor2D {
    const gamma = this.#signed(side);
    return this.#matrix(rows, start, end, 1, (square, length) => [square * (1 + gamma), 1, length]); // [rows, d + 3]
  }

  /**
   * Rows as the right factor: the product with `queries` is the squared distance less `squaredRadii`, at least (`upper`) or at most
   * (`lower`), with the sign turned: the largest values are those of the nearest.
   */
  targets(rows: FeatureRows, side: 'lower' | 'upper', squaredRadii?: Float64Array): Tensor2D {
    const gamma = this.#signed(side);
    return this.#matrix(rows, 0, rows.rows, 2, (square, length, row) => {
      const radius = squaredRadii?.[row] ?? 0;
      return [-1, radius - square - gamma * (square + radius), -2 * gamma * length];
    }); // [rows, d + 3]
  }

  #signed(side: 'lower' | 'upper'): number {
    return side === 'upper' ? this.#gamma : -this.#gamma;
  }

  #matrix(
    { features, size }: FeatureRows,
    start: number,
    end: number,
    factor: number,
    more: (square: number, length: number, row: number) => readonly [number, number, number],
  ): Tensor2D {
    const width = size + 3;
    const values = new Float32Array((end - start) * width);
    for (let row = start; row < end; row++) {
      const to = (row - start) * width;
      let square = 0;
      for (let i = 0; i < size; i++) {
        const centred = Math.fround(features[row * size + i]! - this.centre[i]!);
        values[to + i] = factor * centred;
        square += centred * centred;
      }
      values.set(more(square, Math.sqrt(square), row), to + size);
    }
    return tf.tensor2d(values, [end - start, width]);
  }
}
