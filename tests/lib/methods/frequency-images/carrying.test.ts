import { beforeAll, expect, it } from 'vitest';
import type { Checkpoint, SavedState } from '../../../../lib/methods/contract.js';
import { carrying } from '../../../../lib/methods/frequency-images/carrying.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

it('keeps a network with what stages save, and sets it when a run goes on', async () => {
  let kept: SavedState | undefined;
  const inner: Checkpoint = {
    load: () => Promise.resolve(kept),
    save: (state) => {
      const { tensors, values } = state();
      kept = {
        tensors: Object.fromEntries(Object.entries(tensors).map(([name, each]) => [name, each.clone()])),
        values,
      };
      return Promise.resolve();
    },
  };
  const weight = tf.variable(tf.tensor1d([1, 2]));
  const checkpoint = carrying(inner, { weight });
  expect(await checkpoint.load()).toBeUndefined();
  const other = tf.tensor1d([5]);
  await checkpoint.save(() => ({ tensors: { other }, values: { step: 3 } }));
  weight.assign(tf.tensor1d([0, 0]));
  const saved = await checkpoint.load();
  expect(saved!.values).toEqual({ step: 3 });
  expect([...(await saved!.tensors['other']!.data())]).toEqual([5]);
  expect([...(await weight.data())]).toEqual([1, 2]);
  tf.dispose([weight, other, ...Object.values(saved!.tensors)] as Tensor[]);
});
