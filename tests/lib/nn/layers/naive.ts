import { expect } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import type { Layer } from '../../../../lib/nn/layers/layer.js';
import type { Weights } from '../../../../lib/nn/parameters.js';
import { forwardTape, withExampleGradients, type ExampleLosses } from '../../../../lib/nn/tape.js';
import { replay, tf, type Tensor, type Tensor1D } from '../../../../lib/tensor/index.js';

/** float32 against float32 in another order: relative to the largest value of the tensor. */
export const relativeTolerance = 1e-5;

/** Standard normal values, by seed. */
export function normal(shape: readonly number[], seed: string, scale = 1): Tensor {
  const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
  new SeededStream(7).fork(seed).fillNormal(values, scale);
  return tf.tensor(values, [...shape]);
}

export function weightsOf(...layers: Layer[]): Record<string, Tensor> {
  const entries = layers.flatMap(({ parameters }) => Object.entries(parameters));
  return Object.fromEntries(entries.map(([name, { shape }]) => [name, normal(shape, name, 0.5)]));
}

/** The gradients `[batch, ...shape]` by weight, from a loop over the examples: tfjs's own gradient of one loss at a time. */
export function naiveGradients(losses: ExampleLosses, weights: Weights, inputs: readonly Tensor[]): Tensor[] {
  const names = Object.keys(weights);
  const row = (input: Tensor, b: number) => input.slice([b], [1]);
  const rows = Array.from({ length: inputs[0]!.shape[0]! }, (_, b) => {
    const loss = (...values: Tensor[]) => {
      const tape = forwardTape(Object.fromEntries(names.map((name, i) => [name, values[i]!])));
      return losses(tape, ...inputs.map((input) => row(input, b)))
        .sum()
        .asScalar();
    };
    return tf.grads(loss)(names.map((name) => weights[name]!));
  });
  return names.map((_, i) => tf.stack(rows.map((gradients) => gradients[i]!)));
}

/** Largest difference over largest value. */
export async function relativeDifference(got: Tensor, expected: Tensor): Promise<number> {
  expect(got.shape).toEqual(expected.shape);
  const [difference, size] = tf.tidy((): [Tensor, Tensor] => [got.sub(expected).abs().max(), expected.abs().max()]);
  const [[top], [bottom]] = await Promise.all([difference.data(), size.data()]);
  tf.dispose([difference, size]);
  expect(bottom).toBeGreaterThan(0); // a gradient of zeros would show nothing
  return top! / bottom!;
}

/** A loss that sees every output of a layer, with another slope at each. */
const lossesOf =
  (layer: Layer): ExampleLosses =>
  (tape, input, target) => {
    const output = tape.use(layer, input!);
    return output
      .sub(target!)
      .square()
      .reshape([output.shape[0]!, output.size / output.shape[0]!])
      .mean(1);
  };

/**
 * All that a layer's rules give, by themselves and in a recorded graph, against the loop over examples; the largest
 * relative difference seen.
 */
export async function largestDifference(layer: Layer, inputShape: readonly number[]): Promise<number> {
  const before = tf.memory().numTensors;
  const weights = weightsOf(layer);
  const names = Object.keys(weights);
  const input = normal(inputShape, 'input');
  const target = tf.tidy(() => normal(forwardTape(weights).use(layer, input).shape, 'target'));
  const coefficients = normal([inputShape[0]!], 'coefficients') as Tensor1D;
  const losses = lossesOf(layer);
  const expected = tf.tidy(() =>
    naiveGradients(losses, weights, [input, target]).flatMap((all) => {
      const rows = all.reshape([all.shape[0]!, all.size / all.shape[0]!]);
      const weighted = coefficients.reshape([1, -1]).matMul(rows as never);
      return [all, rows.square().sum(1), weighted.reshape(all.shape.slice(1))];
    }),
  );
  const compute = (coefficients: Tensor, input: Tensor, target: Tensor, ...values: Tensor[]) =>
    withExampleGradients(
      losses,
      {
        weights: Object.fromEntries(names.map((name, i) => [name, values[i]!])),
        trained: names,
        inputs: [input, target],
      },
      (gradients) =>
        [...gradients.values()].flatMap((g) => [g.all(), g.squaredNorms(), g.weightedSum(coefficients as Tensor1D)]),
    );
  const given = [coefficients, input, target, ...Object.values(weights)] as const;
  const graph = replay(compute);
  const results = [compute(...given), graph.run(given)];
  graph.dispose();
  let largest = 0;
  for (const result of results)
    for (const [i, got] of result.entries()) largest = Math.max(largest, await relativeDifference(got, expected[i]!));
  tf.dispose([...given, ...expected, ...results.flat()]);
  expect(tf.memory().numTensors).toBe(before);
  return largest;
}
