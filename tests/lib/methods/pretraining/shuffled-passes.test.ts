import { expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { ShuffledPasses } from '../../../../lib/methods/pretraining/shuffled-passes.js';

it('goes through shuffled passes without their last, incomplete batch; a batch is the same however one got there', () => {
  const passes = new ShuffledPasses(10, 3, new SeededStream(1));
  const batches = [1, 2, 3, 4, 5, 6].map((step) => [...passes.batch(step)]);
  for (const pass of [batches.slice(0, 3), batches.slice(3)]) expect(new Set(pass.flat()).size).toBe(9);
  expect(batches.slice(0, 3)).not.toEqual(batches.slice(3));
  const resumed = new ShuffledPasses(10, 3, new SeededStream(1));
  expect([...resumed.batch(5)]).toEqual(batches[4]);
});
