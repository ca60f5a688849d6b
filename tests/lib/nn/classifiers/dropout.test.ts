import { beforeAll, describe, expect, it } from 'vitest';
import { dropout } from '../../../../lib/nn/classifiers/dropout.js';
import { replay, setupEngine, tf, type Tensor, type Tensor1D } from '../../../../lib/tensor/index.js';

beforeAll(async () => void (await setupEngine()));

const rate = 0.3;
const count = 40_000;

/** Dropout of ones and its gradient, as one graph. */
const masked = (place: number) =>
  replay((x, seed) => {
    const training = { seed: seed as Tensor1D, observed: () => {} };
    const apply = (x: Tensor) => dropout({ rate, place }).apply(x, { weights: {}, statistics: {}, training });
    const { value, grad } = tf.valueAndGrad((x: Tensor) => apply(x).mul(3).sum().asScalar())(x!) as {
      value: Tensor;
      grad: Tensor;
    };
    return [apply(x!), grad, value];
  });

async function valuesOf(graph: ReturnType<typeof masked>, seed: number): Promise<number[][]> {
  const outputs = tf.tidy(() => graph.run([tf.ones([count]), tf.tensor1d([seed], 'int32')]));
  const values = await Promise.all(outputs.map(async (output) => [...(await output.data())]));
  tf.dispose(outputs);
  return values;
}

describe('dropout', () => {
  it('drops the share of its rate and scales the rest; the gradient is dropped alike', async () => {
    const graph = masked(0);
    const [values, gradient] = await valuesOf(graph, 5);
    const dropped = values!.filter((value) => value === 0).length;
    expect(Math.abs(dropped - rate * count)).toBeLessThan(4 * Math.sqrt(count * rate * (1 - rate))); // 4 deviations
    for (const value of new Set(values)) if (value !== 0) expect(value).toBeCloseTo(1 / (1 - rate), 5);
    values!.forEach((value, i) => expect(gradient![i]).toBeCloseTo(3 * value, 4));
    graph.dispose();
  });

  it('draws the same mask for the same seed and place, others for others', async () => {
    const [first, second] = [masked(0), masked(1)];
    const [mask] = await valuesOf(first, 5);
    expect((await valuesOf(first, 5))[0]).toEqual(mask);
    for (const [other] of [await valuesOf(first, 6), await valuesOf(second, 5)]) {
      const both = other!.filter((value, i) => value === 0 && mask![i] === 0).length;
      const spread = Math.sqrt(count * rate ** 2 * (1 - rate ** 2));
      expect(Math.abs(both - rate ** 2 * count)).toBeLessThan(4 * spread); // as of independent masks
    }
    first.dispose();
    second.dispose();
  });

  it('is nothing outside training', () => {
    const x = tf.ones([3]);
    expect(dropout({ rate, place: 0 }).apply(x, { weights: {}, statistics: {} })).toBe(x);
    x.dispose();
  });
});
