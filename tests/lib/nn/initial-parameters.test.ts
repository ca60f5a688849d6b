import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../lib/core/rng.js';
import { initialParameters } from '../../../lib/nn/initial-parameters.js';
import { conv2d } from '../../../lib/nn/layers/conv2d.js';
import { dense } from '../../../lib/nn/layers/dense.js';
import { embedding } from '../../../lib/nn/layers/embedding.js';
import { groupNorm } from '../../../lib/nn/layers/group-norm.js';
import type { Layer } from '../../../lib/nn/layers/layer.js';
import { scale } from '../../../lib/nn/layers/scale.js';
import { selfAttention } from '../../../lib/nn/layers/self-attention.js';
import { disposeAll } from '../../../lib/nn/parameters.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

async function valuesOf(layers: readonly Layer[], seed = 1): Promise<Record<string, readonly number[]>> {
  const parameters = initialParameters(layers, new SeededStream(seed));
  const read = Object.entries(parameters).map(async ([name, value]) => [name, [...(await value.data())]] as const);
  const values = Object.fromEntries(await Promise.all(read));
  disposeAll(parameters);
  return values;
}

const powerOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value ** 2, 0) / values.length;

describe('parameters before training', () => {
  it.each([
    ['conv2d', conv2d({ name: 'a', inputs: 30, outputs: 50 }), 'a.kernel', 1 / (9 * 40)],
    ['dense', dense({ name: 'a', inputs: 100, outputs: 200 }), 'a.kernel', 1 / 150],
    ['conv2d, gain 0.5', conv2d({ name: 'a', inputs: 30, outputs: 50, gain: 0.5 }), 'a.kernel', 0.5 / (9 * 40)],
    // Of three maps of 64 to 64 each, not of one to 192.
    [
      'attention',
      selfAttention({ name: 'a', size: 64, gains: { project: 0.1, out: 1 } }).layers[0]!,
      'a.project.kernel',
      0.1 / 64,
    ],
  ])('of %s are uniform, with variance gain / ((fanIn + fanOut) / 2)', async (_title, layer, name, variance) => {
    const values = (await valuesOf([layer]))[name]!;
    // 12,000 draws and more: the variance of a uniform has a relative deviation of sqrt(0.8 / n) < 0.9 %; five of them.
    expect(Math.abs(powerOf(values) / variance - 1)).toBeLessThan(0.045);
    const largest = Math.max(...values.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(Math.sqrt(3 * variance) * (1 + 1e-6));
    expect(largest).toBeGreaterThan(Math.sqrt(3 * variance) * 0.99);
  });

  it('of a label table are standard normal, of the rest 0 or 1', async () => {
    const layers = [embedding({ name: 'label', count: 200, size: 50 }), scale({ name: 'branch' })];
    const values = await valuesOf([...layers, groupNorm({ name: 'norm', channels: 2, groups: 1 })]);
    // 10,000 draws: the variance has a deviation of sqrt(2 / 10000); five of them.
    expect(Math.abs(powerOf(values['label.table']!) - 1)).toBeLessThan(0.071);
    expect(values['branch.scale']).toEqual([1]);
    expect([values['norm.scale'], values['norm.shift']]).toEqual([
      [1, 1],
      [0, 0],
    ]);
  });

  it('depend on the seed and on their name only', async () => {
    const before = tf.memory().numTensors;
    const [a, b] = ['a', 'b'].map((name) => dense({ name, inputs: 2, outputs: 3 })) as [Layer, Layer];
    const both = await valuesOf([a, b]);
    expect((await valuesOf([b]))['b.kernel']).toEqual(both['b.kernel']);
    expect(both['a.kernel']).not.toEqual(both['b.kernel']);
    expect((await valuesOf([a, b], 2))['a.kernel']).not.toEqual(both['a.kernel']);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuse a name twice', () => {
    const layer = dense({ name: 'a', inputs: 1, outputs: 1 });
    expect(() => initialParameters([layer, layer], new SeededStream(1))).toThrow(
      "initialParameters: two parameters have the same name; got 'a.kernel'.",
    );
  });
});
