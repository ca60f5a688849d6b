import { expect } from 'vitest';
import type { NetworkParameters } from '../../../../lib/nn/parameters.js';
import { tf, type Tensor } from '../../../../lib/tensor/index.js';

/** A tensor of a golden file: its Euclidean norm and every n-th of its values. */
export interface Shown {
  readonly norm: number;
  readonly every: number;
  readonly values: readonly number[];
}

/** Values in [-1, 1] without a pattern, as tests/golden/generators.py makes them. */
export function wave(shape: readonly number[], phase: number): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  const values = Float32Array.from({ length }, (_, i) => Math.sin(0.37 * i * i + phase));
  return tf.tensor(values, [...shape]);
}

/** One-hot rows of the labels 0, 1, …, 0, 1, … */
export function labelRows(count: number, classes: number): Tensor {
  return tf.tensor2d(Array.from({ length: count }, (_, i) => Array.from({ length: classes }, (_, c) => Number(i % classes === c)))); // prettier-ignore
}

/** Below this a value counts as 0: the gradient by a bias before batch normalisation is nothing but rounding. */
const rounding = 0.1;

/** Compares norms by their ratio and values relative to the largest. */
export async function expectShown(got: Tensor, expected: Shown, tolerance: number, name: string): Promise<void> {
  const values = await got.data();
  const largest = Math.max(...expected.values.map(Math.abs), expected.norm / Math.sqrt(values.length), rounding);
  expect(Math.abs(Math.hypot(...values) - expected.norm) / Math.max(expected.norm, rounding), `norm of ${name}`).toBeLessThan(tolerance); // prettier-ignore
  expected.values.forEach((value, k) =>
    expect(Math.abs(values[k * expected.every]! - value) / largest, `${name} ${k * expected.every}`).toBeLessThan(
      tolerance,
    ),
  );
}

/** Parameters by their order, and right vectors of the power iteration by the order of the weights. */
export function setToWaves(parameters: NetworkParameters, state: NetworkParameters): void {
  tf.tidy(() => {
    Object.values(parameters).forEach((variable, phase) => variable.assign(wave(variable.shape, phase)));
    const rights = Object.entries(state).filter(([name]) => name.endsWith('.right'));
    rights.forEach(([, variable], i) => {
      const vector = wave(variable.shape, 200 + i);
      variable.assign(vector.div(vector.norm()));
    });
  });
}
