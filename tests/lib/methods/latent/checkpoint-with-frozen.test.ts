import { beforeAll, expect, it } from 'vitest';
import type { Checkpoint, SavedState } from '../../../../lib/methods/contract.js';
import { withFrozen } from '../../../../lib/methods/latent/checkpoint-with-frozen.js';
import { constant, disposeAll } from '../../../../lib/nn/parameters.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

it('keeps frozen weights beside the state, and sets them from a checkpoint that has them', async () => {
  let saved: SavedState | undefined;
  const checkpoint: Checkpoint = {
    load: () => Promise.resolve(saved),
    save: (state, options) => {
      expect(options).toEqual({ now: true });
      const { tensors, values } = state();
      const copies = Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()] as const);
      saved = { tensors: Object.fromEntries(copies), values };
      return Promise.resolve();
    },
  };
  const before = tf.memory().numTensors;
  const [frozen, tuned] = [{ a: constant([2], 3) }, { a: constant([1], 5) }];
  const kept = withFrozen(frozen, checkpoint);
  expect(await kept.load()).toBeUndefined();
  await kept.save(() => ({ tensors: { 'network/a': tuned.a }, values: { step: 1 } }), { now: true });
  tf.tidy(() => frozen.a.assign(tf.fill([2], 7)));
  const loaded = (await kept.load())!;
  expect(loaded.values).toEqual({ step: 1 });
  expect(Object.keys(loaded.tensors)).toEqual(['network/a', 'frozen/a']);
  expect([...(await frozen.a.data())]).toEqual([3, 3]);
  // Of another stage, which has none of them:
  const other = withFrozen({ b: tuned.a }, checkpoint);
  expect(await other.load()).toBe(loaded);
  expect([...(await tuned.a.data())]).toEqual([5]);
  tf.dispose(saved!.tensors as Record<string, Tensor>);
  [frozen, tuned].forEach(disposeAll);
  expect(tf.memory().numTensors).toBe(before);
});
