import { beforeAll, describe, expect, it } from 'vitest';
import { Replay, type Precision } from '../../../../lib/tensor/replay/replay.js';
import { setupEngine, tf, type Tensor, type Tensor2D } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

async function values(precision: Precision, compute: (...inputs: Tensor[]) => Tensor[], inputs: Tensor[]) {
  const step = new Replay(tf, compute, { precision });
  const results = step.run(inputs);
  step.dispose();
  expect(results.every(({ dtype }) => dtype === 'float32')).toBe(true);
  return (await Promise.all(results.map(async (result) => [...(await result.data())]))).flat();
}

describe('float64 within a graph', () => {
  it('gives the variance of large values with a small spread, where float32 gives nonsense', async () => {
    // The numbers 4096 + k / 1024, k = 0 … n - 1: mean square minus squared mean is (n² - 1) / 12 / 1024².
    const n = 1000;
    const x = tf.tensor1d(Float32Array.from({ length: n }, (_, k) => 4096 + k / 1024));
    const variance = (x: Tensor) => [x.square().mean().sub(x.mean().square())];
    const exact = (n * n - 1) / 12 / 1024 ** 2;
    const [double] = await values('float64', variance, [x]);
    const [single] = await values('float32', variance, [x]);
    expect(Math.abs(double! / exact - 1)).toBeLessThan(1e-6);
    expect(Math.abs(single! / exact - 1)).toBeGreaterThan(0.5); // it says 0
  });

  it('solves by a product that cancels: the determinant of neighbouring Fibonacci numbers is 1', async () => {
    const [a, b, c] = [39088169, 24157817, 14930352]; // F38, F37, F36: a c - b² = (-1)^37
    // float32 does not hold them: they are made of halves within the graph, by 4096 high + low.
    const [high, low] = [(v: number) => Math.floor(v / 4096), (v: number) => v % 4096];
    const part = (of: (v: number) => number) => tf.tensor2d([of(a), of(b), of(b), of(c)], [2, 2]);
    const determinant = (high: Tensor, low: Tensor) => {
      const [[a, b], [, d]] = high.mul(4096).add(low).unstack().map((row) => row.unstack()) as [[Tensor, Tensor], [Tensor, Tensor]]; // prettier-ignore
      return [a.mul(d).sub(b.square())];
    };
    expect(await values('float64', determinant, [part(high), part(low)])).toEqual([-1]);
    expect(await values('float32', determinant, [part(high), part(low)])).not.toEqual([-1]);
  });

  it('keeps whole numbers and truth values, and gradients', async () => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const compute = (x: Tensor) => {
      const step = new Replay(tf, (x) => [x.argMax(1), x.greater(2), x], { precision: 'float64' });
      const types = step.run([x]).map(({ dtype }) => dtype);
      step.dispose();
      return types;
    };
    expect(compute(x)).toEqual(['int32', 'bool', 'float32']);
    const gradient = (x: Tensor) => [tf.grad((x) => (x as Tensor2D).matMul(x as Tensor2D).sum())(x)];
    expect(await values('float64', gradient, [x])).toEqual([7, 11, 9, 13]);
  });
});
