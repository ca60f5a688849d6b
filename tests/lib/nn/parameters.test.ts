import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../lib/core/rng.js';
import { constant, disposeAll, heNormal, parameterCount, restore, snapshot } from '../../../lib/nn/parameters.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

describe('parameters', () => {
  it('are drawn with variance 2 / fanIn, the same for the same seed', async () => {
    const draw = async (seed: number) => {
      const weight = heNormal([200, 100], 50, new SeededStream(seed));
      const values = Array.from(await weight.data());
      weight.dispose();
      return values;
    };
    const values = await draw(1);
    expect(await draw(1)).toEqual(values);
    expect(await draw(2)).not.toEqual(values);
    // The variance of 20,000 draws has a relative deviation of sqrt(2 / 20000) = 1 %.
    const variance = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
    expect(Math.abs(variance / (2 / 50) - 1)).toBeLessThan(0.05);
  });

  it('come back from a snapshot, are counted, and leave nothing behind', async () => {
    const before = tf.memory().numTensors;
    const parameters = { a: constant([2, 3], 1), b: constant([4], 2) };
    expect(parameterCount(parameters)).toBe(10);
    const copies = snapshot(parameters);
    tf.tidy(() => parameters.b.assign(tf.zeros([4])));
    expect([...(await parameters.b.data())]).toEqual([0, 0, 0, 0]);
    restore(parameters, copies);
    expect([...(await parameters.b.data())]).toEqual([2, 2, 2, 2]);
    tf.dispose(copies);
    disposeAll(parameters);
    expect(tf.memory().numTensors).toBe(before);
  });
});
