import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { convolution } from '../../../../lib/nn/classifiers/convolution.js';
import { dense } from '../../../../lib/nn/classifiers/dense.js';
import { drawn, drawnVector, Packing } from '../../../../lib/nn/classifiers/packed-values.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';

beforeAll(async () => void (await setupEngine()));

describe('Packing', () => {
  it('makes one vector of named tensors and the same tensors of it', async () => {
    const before = tf.memory().numTensors;
    const packing = new Packing({ a: [2, 2], b: [3], c: [] });
    expect(packing.size).toBe(8);
    const [vector, unpacked] = tf.tidy(() => {
      const values = {
        c: tf.scalar(8),
        a: tf.tensor2d([1, 2, 3, 4], [2, 2]),
        b: tf.tensor1d([5, 6, 7]),
        other: tf.scalar(0),
      };
      const vector = packing.pack(values);
      return [vector, packing.unpack(vector)] as const;
    }) as [ReturnType<Packing['pack']>, ReturnType<Packing['unpack']>];
    expect([...(await vector.data())]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(Object.entries(unpacked).map(([name, { shape }]) => [name, shape])).toEqual([
      ['a', [2, 2]],
      ['b', [3]],
      ['c', []],
    ]);
    expect([...(await unpacked['b']!.data())]).toEqual([5, 6, 7]);
    tf.dispose([vector, unpacked]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('of nothing is an empty vector', () => {
    const empty = new Packing({});
    const vector = empty.pack({});
    expect([vector.shape, empty.unpack(vector)]).toEqual([[0], {}]);
    vector.dispose();
  });
});

describe('first values', () => {
  const deviation = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

  it('of a convolution are N(0, 2 / (size² outputs)), groups or not', () => {
    for (const groups of [1, 4]) {
      const { parameters } = convolution({ name: 'c', inputs: 64, outputs: 128, groups });
      const values = drawn(parameters['c.kernel']!, new SeededStream(1));
      expect(values.length).toBe((9 * 64 * 128) / groups);
      const expected = Math.sqrt(2 / (9 * 128));
      expect(Math.abs(deviation(values) / expected - 1)).toBeLessThan(4 / Math.sqrt(2 * values.length)); // 4 deviations
    }
  });

  it("of a dense layer are PyTorch's: uniform within 1 / sqrt(inputs)", () => {
    const { parameters } = dense({ name: 'd', inputs: 400, outputs: 50 });
    const values = drawn(parameters['d.kernel']!, new SeededStream(1));
    const bound = 1 / Math.sqrt(400);
    expect(Math.max(...values)).toBeLessThanOrEqual(bound);
    expect(Math.max(...values)).toBeGreaterThan(0.99 * bound);
    expect(Math.abs(deviation(values) / (bound / Math.sqrt(3)) - 1)).toBeLessThan(0.02);
    expect(drawn(parameters['d.bias']!, new SeededStream(1)).some((value) => value !== 0)).toBe(true);
    const zero = dense({ name: 'd', inputs: 400, outputs: 50, bias: 'zero' }).parameters;
    expect([...drawn(zero['d.bias']!, new SeededStream(1))]).toEqual(Array.from({ length: 50 }, () => 0));
  });

  it('lie one after the other, each from its own stream', async () => {
    const { parameters } = dense({ name: 'd', inputs: 3, outputs: 2 });
    const vector = drawnVector(parameters, new SeededStream(1));
    const apart = ['d.kernel', 'd.bias'].flatMap((name) => [
      ...drawn(parameters[name]!, new SeededStream(1).fork(name)),
    ]);
    expect([...(await vector.data())]).toEqual(apart);
    vector.dispose();
  });
});
