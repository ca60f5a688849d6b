import { beforeAll, describe, expect, it } from 'vitest';
import { ClippedGradient } from '../../lib/mechanisms/dp-sgd/clipped-gradient.js';
import { batchNorm } from '../../lib/nn/layers/batch-norm.js';
import { bias } from '../../lib/nn/layers/bias.js';
import { single, type Composite } from '../../lib/nn/layers/composite.js';
import { conv2d } from '../../lib/nn/layers/conv2d.js';
import { conv2dTranspose } from '../../lib/nn/layers/conv2d-transpose.js';
import { dense } from '../../lib/nn/layers/dense.js';
import { embedding } from '../../lib/nn/layers/embedding.js';
import { groupNorm } from '../../lib/nn/layers/group-norm.js';
import { layerNorm } from '../../lib/nn/layers/layer-norm.js';
import type { Layer } from '../../lib/nn/layers/layer.js';
import { lowRank } from '../../lib/nn/layers/low-rank.js';
import { scale } from '../../lib/nn/layers/scale.js';
import { selfAttention } from '../../lib/nn/layers/self-attention.js';
import { disposeAll } from '../../lib/nn/parameters.js';
import { withExampleGradients, type ExampleLosses } from '../../lib/nn/tape.js';
import { setupEngine, tf, type Tensor, type Variable } from '../../lib/tensor/index.js';
import { smallNetLayers, smallNetLosses } from '../lib/mechanisms/dp-sgd/small-net.js';
import { normal, relativeDifference, weightsOf } from '../lib/nn/layers/naive.js';
import { sumsOn, toyLosses, trainingOn, type TrainingOptions, type Vectors } from './toy-training.js';
import { distance } from './toy.js';

beforeAll(() => setupEngine());

const name = 'layer';
const layers: [Layer | Composite, number[]][] = [
  [dense({ name, inputs: 7, outputs: 5 }), [7]],
  [dense({ name, inputs: 16, outputs: 12 }), [6, 16]],
  [conv2d({ name, inputs: 2, outputs: 3 }), [8, 7, 2]],
  [conv2d({ name, inputs: 9, outputs: 2, stride: 2 }), [6, 6, 9]],
  [conv2dTranspose({ name, inputs: 3, outputs: 4 }), [4, 5, 3]],
  [lowRank({ name, inputs: 9, outputs: 7, rank: 2 }), [9]],
  [selfAttention({ name, size: 8, heads: 2 }), [5, 8]],
  [groupNorm({ name, channels: 6, groups: 3, silu: true }), [4, 4, 6]],
  [layerNorm({ name, size: 9 }), [5, 9]],
  [bias({ name, shape: [5] }), [3, 5]],
  [scale({ name }), [4, 5]],
  [embedding({ name, count: 10, size: 4 }), [10]],
];

const compositeOf = (member: Layer | Composite): Composite => ('layers' in member ? member : single(member));

const examples = 4;

/** Gradients `[examples, ...]` of each example, by parameter. */
function gradientsOf(losses: ExampleLosses, weights: Record<string, Tensor>, inputs: readonly Tensor[]): Tensor[] {
  const trained = Object.keys(weights);
  return withExampleGradients(losses, { weights, trained, inputs }, (found) => [...found.values()].map((g) => g.all()));
}

/** The check: example 1 is exchanged, and the gradients of all others stay; its own changes. */
async function isIsolated(member: Layer | Composite, inputShape: readonly number[], mix = (x: Tensor): Tensor => x) {
  const composite = compositeOf(member);
  const losses: ExampleLosses = (tape, x) => {
    const output = composite.apply(tape, mix(x!));
    return output.square().reshape([examples, output.size / examples]).mean(1); // prettier-ignore
  };
  const weights = weightsOf(...composite.layers);
  const input = normal([examples, ...inputShape], 'input');
  const exchanged = tf.tidy(() => {
    const other = normal([1, ...inputShape], 'another');
    return tf.concat([input.slice([0], [1]), other, input.slice([2])]);
  });
  const [before, after] = [input, exchanged].map((x) => gradientsOf(losses, weights, [x]));
  const rows = (gradients: Tensor, wanted: number[]) => tf.gather(gradients, wanted);
  let [others, own] = [0, 0];
  for (const [i, gradients] of before!.entries()) {
    others = Math.max(others, await relativeDifference(rows(after![i]!, [0, 2, 3]), rows(gradients, [0, 2, 3])));
    own = Math.max(own, await relativeDifference(rows(after![i]!, [1]), rows(gradients, [1])));
  }
  expect(own).toBeGreaterThan(0.01);
  return others < 1e-6; // float32
}

describe('pitfall 8: examples are isolated', () => {
  it.each(
    layers.map(([layer, shape]) => {
      const kinds = compositeOf(layer)
        .layers.map(({ kind }) => kind)
        .join(' and ');
      return [`${kinds} of [${shape.join(', ')}]`, layer, shape] as const;
    }),
  )('holds for %s', async (_, layer, shape) => {
    expect(await isIsolated(layer, shape)).toBe(true);
  });

  it('fails for the mutations that normalise over the batch or mix images', async () => {
    const [layer, shape] = layers[0]!;
    expect(await isIsolated(layer, shape, (x) => x.sub(x.mean(0, true)))).toBe(false);
    expect(await isIsolated(layer, shape, (x) => x.mul(0.7).add(tf.reverse(x, 0).mul(0.3)))).toBe(false);
  });

  it('holds for a net in a recorded graph: the clipped sum of a batch is that of its records one by one', async () => {
    const parameters = tf.tidy(() =>
      Object.fromEntries(Object.entries(weightsOf(...smallNetLayers)).map(([key, w]) => [key, tf.variable(w)])),
    ) as Record<string, Variable>;
    const inputs = [
      normal([examples, 12, 12, 1], 'images'),
      tf.oneHot(tf.tensor1d([0, 3, 1, 1], 'int32'), 4).toFloat(),
      normal([examples, 6, 6, 1], 'targets'),
    ];
    const options = { losses: smallNetLosses, parameters, clipNorm: 2 };
    const [together, alone] = [4, 1].map((microBatch) => new ClippedGradient({ ...options, microBatch }));
    const [sums, each] = [await together!.at(inputs), await alone!.at(inputs)];
    for (const [key, sum] of Object.entries(sums)) expect(await relativeDifference(sum, each[key]!)).toBeLessThan(1e-5);
    tf.dispose([inputs, sums, each]);
    [together, alone].forEach((gradient) => gradient!.dispose());
    disposeAll(parameters);
  });
});

/** Losses in which records take part in each other. */
const mixing: Record<string, TrainingOptions['losses']> = {
  'statistics over the batch': (tape, images) => toyLosses(tape, images!.sub(images!.mean(0, true))),
  mixup: (tape, images) => toyLosses(tape, images!.mul(0.9).add(tf.reverse(images!, 0).mul(0.1))),
  'copies laid out [copies, records]': (tape, images) =>
    toyLosses(tape, tf.concat([images!, images!.mul(0.5)])).reshape([2, -1]).mean(0), // prettier-ignore
};

const vectors: Vectors = [
  [3, 4],
  [20, 1],
  [0.3, 0.4],
  [0, 2],
];

/** The check, by brute force: no record changes the sum by more than the clip norm, here 100, or its own gradient. */
async function keepsRecordsApart(release: (vectors: Vectors) => Promise<number[]>): Promise<boolean> {
  const whole = await release(vectors);
  for (const [left, vector] of vectors.entries()) {
    const fewer = await release(vectors.filter((_, i) => i !== left));
    if (distance(whole, fewer) > Math.hypot(...vector) + 0.01) return false;
  }
  return true;
}

describe('pitfall 8, in the mechanism', () => {
  it('holds: a record changes the sum by its own gradient', async () => {
    const release = async (of: Vectors) => (await sumsOn(of, { size: 4, clipNorm: 100 }))[0]!;
    expect(await keepsRecordsApart(release)).toBe(true);
  });

  it.each(Object.entries(mixing))('refuses %s before a row is read', async (_, losses) => {
    await expect(trainingOn(vectors, { losses })).rejects.toThrow(
      /^DP-SGD of 'network': one record changes the gradients of others, so the noise would be too small; got 'a change of their sum by [\d.]+ %', expected losses that depend on their own row of the inputs only\. Take no statistics over the batch, and keep the copies of a record next to each other\.$/,
    );
  });

  it('fails for the mutation that mixes the records of a batch', async () => {
    const mutation = (of: Vectors) => {
      const mixed = of.map((vector, i) => vector.map((value, axis) => 0.7 * value + 0.3 * of.at(-1 - i)![axis]!));
      return Promise.resolve([0, 1].map((axis) => mixed.reduce((sum, row) => sum + row[axis]! ** 2 / 20, 0)));
    };
    expect(await keepsRecordsApart(mutation)).toBe(false);
  });

  it('knows no batch normalisation', () => {
    expect(batchNorm).toThrow('batchNorm: batch normalisation mixes the examples of a batch, so no gradient belongs');
  });
});
