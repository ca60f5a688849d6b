import { byMatrix, matrixParameter } from './dense.js';
import type { InitialMatrix, Layer } from './layer.js';

export interface EmbeddingOptions {
  readonly name: string;
  readonly count: number;
  readonly size: number;
  /** Of the values before training. Default 1. */
  readonly deviation?: number;
  /** The values before training, instead of those of `deviation`. */
  readonly initial?: InitialMatrix;
}

/**
 * A learned vector for each of `count` labels: one-hot rows `[batch, count]` (or any weights of the labels; `[batch, ...,
 * count]` for several labels an example) to `[batch, ..., size]`. A row of zeros is no label and gives zeros.
 *
 * @example
 * const layer = embedding({ name: 'label', count: 10, size: 32 });   // label.table [10, 32]
 */
export function embedding({ name, count, size, deviation = 1, initial }: EmbeddingOptions): Layer {
  const table = `${name}.table`;
  return {
    kind: 'embedding',
    parameters: { [table]: matrixParameter([count, size], initial ?? { law: 'normal', deviation }) },
    probeShape: (shape) => [...shape.slice(0, -1), size],
    apply: (weights, input, probe) => {
      const output = byMatrix(input, weights[table]!);
      return probe ? output.add(probe) : output;
    },
  };
}
