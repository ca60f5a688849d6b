import { beforeAll, describe, expect, it } from 'vitest';
import { Replay } from '../../../../lib/tensor/replay/replay.js';
import { record } from '../../../../lib/tensor/replay/recording.js';
import { StandIns } from '../../../../lib/tensor/replay/stand-ins.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { tensorflowBackend } from '../../../../lib/tensor/run-op.js';

beforeAll(() => setupEngine());

/** Ops that the binding runs, and the largest number of results that are alive at once, while `work` goes on. */
function watched(work: () => void): { ops: number; alive: number } {
  const backend = tensorflowBackend() as unknown as { binding: Record<string, (...given: unknown[]) => unknown> };
  const { binding } = backend;
  const results = new Set<number>();
  let [ops, alive] = [0, 0];
  const executeOp = (...given: unknown[]) => {
    const made = binding['executeOp']!(...given) as { id: number }[];
    ops++;
    for (const { id } of made) results.add(id);
    alive = Math.max(alive, results.size);
    return made;
  };
  const deleteTensor = (id: unknown) => {
    results.delete(id as number);
    binding['deleteTensor']!(id);
  };
  backend.binding = Object.create(binding, { executeOp: { value: executeOp }, deleteTensor: { value: deleteTensor } }) as typeof binding; // prettier-ignore
  try {
    work();
  } finally {
    backend.binding = binding;
  }
  return { ops, alive };
}

/** A chain of 200 different ops on one shape, whose values autodiff keeps until its end. */
const chain = (x: Tensor) => {
  let y = x;
  for (let i = 0; i < 100; i++) y = y.mul(tf.scalar(1 + i / 1000)).sin();
  return [y];
};

describe('recording on stand-ins', () => {
  it('holds few values however long the function is, and runs no op twice', () => {
    const x = tf.randomNormal([8, 4]);
    const gradient = (x: Tensor) => [tf.grad((x) => chain(x)[0]!.sum())(x)];
    const standIns = new StandIns(tensorflowBackend());
    const first = watched(() => record(tf, 'chain', ([x]) => gradient(x!), [x], standIns));
    expect(first.ops).toBeGreaterThan(100);
    expect(first.alive).toBeLessThan(20);
    const again = watched(() => record(tf, 'chain', ([x]) => gradient(x!), [x], standIns));
    expect(again.ops).toBe(1); // the copy of the argument
    standIns.dispose();
  });

  it('gives all values back, and a tensor that the function kept has none', async () => {
    let kept: Tensor | undefined;
    const x = tf.ones([3]);
    const before = tf.memory().numTensors;
    const step = new Replay(tf, (x) => {
      kept = tf.keep(x.mul(2));
      return [kept.add(1)];
    });
    const [y] = step.run([x]);
    expect([...(await y!.data())]).toEqual([3, 3, 3]);
    await expect(kept!.data()).rejects.toThrow();
    y!.dispose();
    kept!.dispose();
    step.dispose();
    expect(tf.memory().numTensors).toBe(before + 1); // the first recording's kept one
  });

  it('tells constants of one value, of many and of none apart', async () => {
    const compute = (x: Tensor) => [
      x.add(tf.fill([2, 3], 0.5)),
      x.mul(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3])),
      x.cast('int32').add(tf.fill([2, 3], 7, 'int32')),
      tf.where(tf.fill([2, 3], 1, 'bool'), x, x.neg()),
      tf.concat([x, tf.zeros([0, 3])]),
    ];
    const x = tf.tensor2d([6, 5, 4, 3, 2, 1], [2, 3]);
    const step = new Replay(tf, compute);
    const [replayed, eager] = [step.run([x]), compute(x)];
    for (const [i, tensor] of replayed.entries()) expect(await tensor.data()).toEqual(await eager[i]!.data());
    step.dispose();
  });
});
