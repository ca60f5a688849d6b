import { beforeAll, describe, expect, it } from 'vitest';
import { Replay } from '../../../../lib/tensor/replay/replay.js';
import { record, type Recording } from '../../../../lib/tensor/replay/recording.js';
import type { AttributeKinds } from '../../../../lib/tensor/replay/saved-model.js';
import { simplified } from '../../../../lib/tensor/replay/simplify.js';
import { StandIns } from '../../../../lib/tensor/replay/stand-ins.js';
import { setupEngine, tf, type Tensor, type Tensor4D } from '../../../../lib/tensor/index.js';
import { tensorflowBackend } from '../../../../lib/tensor/run-op.js';

beforeAll(() => setupEngine());

type Compute = (...inputs: Tensor[]) => Tensor[];

/** Names of the ops that are left, in order. */
function left(compute: Compute, inputs: Tensor[]): string[] {
  const standIns = new StandIns(tensorflowBackend());
  const recording = record(tf, 'test', (copies) => compute(...copies), inputs, standIns);
  standIns.dispose();
  const simple: Recording = simplified(recording, tensorflowBackend().binding as unknown as AttributeKinds);
  return simple.nodes.flatMap((node) => (node.kind === 'op' ? [node.op] : []));
}

async function agree(compute: Compute, inputs: Tensor[]): Promise<void> {
  const step = new Replay(tf, compute);
  const [replayed, eager] = [step.run(inputs), compute(...inputs)];
  for (const [i, tensor] of replayed.entries()) {
    expect([tensor.dtype, tensor.shape]).toEqual([eager[i]!.dtype, eager[i]!.shape]);
    const [got, expected] = [await tensor.data(), await eager[i]!.data()];
    expected.forEach((value, k) => expect(Math.abs(got[k]! - value)).toBeLessThan(1e-5));
  }
  step.dispose();
}

const draw = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);

describe('simplified graphs', () => {
  it('leave out what changes nothing, and keep what only looks so', async () => {
    const nothing: Compute = (x) => [
      x
        .add(tf.zeros([2, 3]))
        .mul(tf.scalar(1))
        .reshape([2, 3])
        .cast('float32')
        .neg(),
    ];
    expect(left(nothing, [draw([2, 3], 1)])).toEqual(['Neg']);
    await agree(nothing, [draw([2, 3], 1)]);
    const something: Compute = (x) => [
      x.add(tf.zeros([2, 2, 3])), // another shape
      x.add(tf.tensor1d([0, 0, 1])),
      x.mul(tf.zeros([2, 3])),
      x.add(tf.ones([2, 3])),
      x.reshape([3, 2]),
      x.cast('int32'),
    ];
    expect(left(something, [draw([2, 3], 2)])).toHaveLength(6);
    await agree(something, [draw([2, 3], 2)]);
  });

  it('give arguments, constants and equal values back', () =>
    agree((x, y) => [x.add(tf.zeros([4])), tf.zeros([4]), x.mul(y).reshape([4]), y], [draw([4], 3), draw([4], 4)]));

  it('leave out ops that no result needs', () => {
    const compute: Compute = (x) => {
      x.square().sin();
      return [x.cos()];
    };
    expect(left(compute, [draw([4], 5)])).toEqual(['Cos']);
  });

  it('add a bias within the convolution, and only a bias', async () => {
    const compute: Compute = (x, w, b) => {
      const y = tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'same');
      return [y.add(b!).relu(), y.add(b!.slice([0], [1])), y.add(b!.reshape([1, 4])), y.sub(b!)];
    };
    const inputs = [draw([2, 5, 5, 3], 6), draw([3, 3, 3, 4], 7), draw([4], 8)];
    expect(left(compute, inputs)).toEqual(['Conv2D', 'BiasAdd', 'Relu', 'Slice', 'Add', 'Reshape', 'Add', 'Sub']);
    await agree(compute, inputs);
  });
});
