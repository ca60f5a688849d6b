import { expect } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { single, type Composite } from '../../../../lib/nn/layers/composite.js';
import type { Layer } from '../../../../lib/nn/layers/layer.js';
import type { Weights } from '../../../../lib/nn/parameters.js';
import { forwardTape, withExampleGradients, type ExampleLosses } from '../../../../lib/nn/tape.js';
import { replay, tf, type Tensor, type Tensor1D, type Tensor2D } from '../../../../lib/tensor/index.js';

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

/** sum_b min(1, clipNorm / |g_b|) g_b by weight, from a loop over the examples; and the norms. */
export function naiveClippedSums(
  losses: ExampleLosses,
  { weights, inputs, clipNorm }: { weights: Weights; inputs: readonly Tensor[]; clipNorm: number },
): { norms: Tensor; sums: Tensor[] } {
  const gradients = naiveGradients(losses, weights, inputs);
  const examples = inputs[0]!.shape[0]!;
  const rows = gradients.map((gradient) => gradient.reshape([examples, gradient.size / examples]) as Tensor2D);
  const norms = tf.addN(rows.map((row) => row.square().sum(1))).sqrt();
  const coefficients = tf.minimum(1, tf.div(clipNorm, norms)).reshape([1, examples]) as Tensor2D;
  const sums = rows.map((row, i) => coefficients.matMul(row).reshape(gradients[i]!.shape.slice(1)));
  return { norms, sums };
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

/** A loss that sees every output, with another slope at each: inputs and targets `[examples, copies, ...]`. */
const lossesOf =
  (model: Composite): ExampleLosses =>
  (tape, input, target) => {
    const [examples, copies, ...rest] = input!.shape as [number, number, ...number[]];
    const output = model.apply(tape, input!.reshape([examples * copies, ...rest]));
    return output
      .sub(target!.reshape(output.shape))
      .square()
      .reshape([examples, output.size / examples])
      .mean(1);
  };

/**
 * All that the rules of a layer, or of layers put together, give, by themselves and in a recorded graph, against the loop over examples; the largest
 * relative difference seen. Each example has `copies` rows of its own, over which its loss is averaged.
 */
export async function largestDifference(
  layer: Layer | Composite,
  inputShape: readonly number[],
  copies = 1,
): Promise<number> {
  const model = 'layers' in layer ? layer : single(layer);
  const before = tf.memory().numTensors;
  const weights = weightsOf(...model.layers);
  const names = Object.keys(weights);
  const [examples, ...rest] = inputShape as [number, ...number[]];
  const input = normal([examples, copies, ...rest], 'input');
  const target = tf.tidy(() => {
    const rows = model.apply(forwardTape(weights), input.reshape([examples * copies, ...rest]));
    return normal([examples, copies, ...rows.shape.slice(1)], 'target');
  });
  const coefficients = normal([inputShape[0]!], 'coefficients') as Tensor1D;
  const losses = lossesOf(model);
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
