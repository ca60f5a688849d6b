import { beforeAll, describe, expect, it } from 'vitest';
import { Replay } from '../../../../lib/tensor/replay/replay.js';
import { setupEngine, tf, type Tensor, type Tensor4D } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

/** Largest difference between two tensors of one shape. */
async function apart(a: Tensor, b: Tensor): Promise<number> {
  expect(a.shape).toEqual(b.shape);
  const largest = tf.tidy(() => a.cast('float32').sub(b.cast('float32')).abs().max());
  const [value] = await largest.data();
  largest.dispose();
  return value!;
}

const draw = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);

describe('Replay', () => {
  it('gives what the function gives, for other values than those it was recorded with', async () => {
    const compute = (x: Tensor, w: Tensor) => {
      const y = tf.matMul(x as never, w as never);
      return [y.relu(), y.square().mean([1]), y.argMax(1), tf.concat([y, y.neg()], 1).reshape([-1, 2])];
    };
    const step = new Replay(tf, compute);
    for (const seed of [1, 5, 9]) {
      const inputs = [draw([4, 3], seed), draw([3, 6], seed + 1)] as const;
      const replayed = step.run(inputs);
      const eager = compute(...inputs);
      expect(replayed.map(({ dtype }) => dtype)).toEqual(eager.map(({ dtype }) => dtype));
      for (const [i, tensor] of replayed.entries()) expect(await apart(tensor, eager[i]!)).toBeLessThan(1e-6);
    }
    expect(step.size).toBe(1);
    step.dispose();
  });

  it('replays gradients: convolutions, resizing, pooling, softmax, a custom gradient', async () => {
    const doubled = tf.customGrad((x, save) => {
      (save as (tensors: Tensor[]) => void)([x as Tensor]);
      return { value: (x as Tensor).square(), gradFunc: (dy: Tensor, [saved]: Tensor[]) => dy.mul(saved!).mul(2) };
    });
    const compute = (x: Tensor, w: Tensor, labels: Tensor) => {
      const loss = (x: Tensor, w: Tensor) => {
        const y = tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'same').sigmoid() as Tensor4D;
        const z = tf.maxPool(tf.image.resizeBilinear(y, [12, 12]), 2, 2, 'same');
        const logits = doubled(z.mean([1, 2]));
        return tf.losses.softmaxCrossEntropy(labels, logits).asScalar();
      };
      const { value, grads } = tf.valueAndGrads(loss as never)([x, w]);
      return [value, ...grads];
    };
    const inputs = [draw([2, 8, 8, 3], 1), draw([3, 3, 3, 4], 2), tf.oneHot([0, 3], 4).cast('float32')] as const;
    const step = new Replay(tf, compute);
    const [replayed, eager] = [step.run(inputs), compute(...inputs)];
    for (const [i, tensor] of replayed.entries()) expect(await apart(tensor, eager[i]!)).toBeLessThan(1e-6);
    step.dispose();
  });

  it('keeps a graph for each set of shapes, the last used ones when there are too many', () => {
    let calls = 0;
    const step = new Replay(tf, (x) => [calls++ < 0 ? x : x.add(1)], { limit: 2 });
    const use = (length: number) => step.run([tf.zeros([length])]);
    [1, 2, 1, 3].forEach(use);
    expect([step.size, calls]).toEqual([2, 6]); // each shape is recorded twice
    use(1);
    expect(calls).toBe(6);
    use(2);
    expect(calls).toBe(8); // had gone
    step.dispose();
    expect(step.size).toBe(0);
  });

  it('takes one tensor for two arguments, gives arguments and constants back, and tells types apart', async () => {
    const step = new Replay(tf, (a, b) => [a.sub(b), a, tf.ones([2, 3])]);
    const x = tf.tensor1d([1, 2]);
    const same = step.run([x, x]);
    expect([...(await same[0]!.data())]).toEqual([0, 0]);
    const other = step.run([x, tf.tensor1d([5, 7])]);
    expect([...(await other[0]!.data())]).toEqual([-4, -5]);
    expect([...(await other[1]!.data())]).toEqual([1, 2]);
    expect([...(await other[2]!.data())]).toEqual([1, 1, 1, 1, 1, 1]);
    step.run([tf.tensor1d([1, 2], 'int32'), tf.tensor1d([1, 2], 'int32')]);
    expect(step.size).toBe(2);
    step.dispose();
  });

  it('leaves no tensor behind', () => {
    const step = new Replay(tf, (x) => [x.mul(tf.scalar(3)).sum(), x.exp()]);
    const x = draw([10, 10], 3);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) tf.dispose(step.run([x]));
    expect(tf.memory().numTensors).toBe(before);
    step.dispose();
  });

  it('refuses what a graph cannot hold, and records rightly afterwards', async () => {
    const x = draw([3], 4);
    const outside = tf.tensor1d([1, 2, 3]);
    const refused = (compute: (x: Tensor) => unknown) => () =>
      new Replay(tf, compute as never, { name: 'step' }).run([x]);
    // eslint-disable-next-line no-restricted-properties -- what must be refused
    expect(refused((x) => [x.dataSync()[0]! > 0 ? x : x.neg()])).toThrow(
      'replay of step: values are read back, and a graph has none while it is recorded. Return the tensor and read',
    );
    expect(
      refused((x) => {
        void x.data();
        return [x];
      }),
    ).toThrow('values are read back');
    expect(refused((x) => [x.add(outside)])).toThrow(
      "replay of step: a tensor from outside is used that is no argument, so later calls would not see it change; got 'float32[3]'. Pass it as an argument.",
    );
    expect(refused((x) => [x.add(tf.randomNormal([3]))])).toThrow('the function does something else each time');
    expect(refused(async (x) => [x])).toThrow('replay of step: the function is asynchronous; expected a function that');
    expect(refused((x) => x)).toThrow('the function gave no list of tensors');
    const step = new Replay(tf, (x) => [x.neg()]);
    expect(await apart(step.run([x])[0]!, x.neg())).toBe(0);
    step.dispose();
  });
});
