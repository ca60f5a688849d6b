import { beforeAll, describe, expect, it } from 'vitest';
import { SecureStream } from '../../../lib/core/rng.js';
import { addDiscreteLaplace, binCounts, rightAnswers } from '../../../lib/mechanisms/counts.js';
import { setupEngine, tf, type Tensor2D, type Tensor4D } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const rows = {
  data: Uint8Array.from({ length: 30 }, (_, i) => i % 4),
  labels: Uint8Array.from({ length: 30 }, (_, i) => i % 3),
  count: 30,
  height: 1,
  width: 1,
  channels: 1,
};
const byte = (images: Tensor4D) => images.reshape([-1]).mul(255).round();

describe('addDiscreteLaplace', () => {
  it('adds noise of scale sensitivity / epsilon', () => {
    const count = 40_000;
    for (const [epsilon, l1Sensitivity] of [
      [1, 1],
      [0.5, 1],
      [0.75, 3],
    ] as const) {
      const noisy = addDiscreteLaplace(
        new Float64Array(count).fill(9),
        { epsilon, l1Sensitivity },
        new SecureStream(4),
      );
      const variance = noisy.reduce((sum, v) => sum + (v - 9) ** 2, 0) / count;
      const step = Math.exp(-epsilon / l1Sensitivity);
      const expected = (2 * step) / (1 - step) ** 2;
      // Kurtosis of Laplace noise is about 6: the variance is known to sqrt(5 / n) of itself.
      expect(Math.abs(variance / expected - 1)).toBeLessThan(4 * Math.sqrt(5.5 / count));
    }
  });
});

describe('binCounts and rightAnswers', () => {
  it('count the same whatever the batches', async () => {
    for (const batchSize of [1, 7, 500]) {
      const all = await binCounts(rows, 3, { bins: 4, binsOf: byte, batchSize }, 1);
      expect([...all]).toEqual([8, 8, 7, 7]);
      const byClass = await binCounts(rows, 3, { bins: 4, binsOf: byte, byClass: true, batchSize }, 1);
      expect(byClass.reduce((a, b) => a + b, 0)).toBe(30);
      expect(byClass[1 * 4 + 2]).toBe(rows.labels.filter((label, i) => label === 1 && rows.data[i] === 2).length);
      const before = tf.memory().numTensors;
      const right = await rightAnswers(rows, [byte, (images) => byte(images).mul(0)], undefined, batchSize);
      expect([...right]).toEqual([rows.labels.filter((label, i) => label === rows.data[i]).length, 10]);
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('choose bins by the label too, in every batch', async () => {
    const labelOf = (_images: Tensor4D, labels: Tensor2D) => labels.mul(tf.range(0, 3)).sum(1);
    for (const batchSize of [7, 500])
      expect([...(await binCounts(rows, 3, { bins: 3, binsOf: labelOf, batchSize }, 1))]).toEqual([10, 10, 10]);
    // A label that is no class is a row of zeros, and counts nowhere by class.
    const strange = { ...rows, labels: rows.labels.map((label) => label + 2) };
    const byClass = await binCounts(strange, 3, { bins: 3, binsOf: labelOf, byClass: true }, 1);
    expect([...byClass]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 10]);
  });

  it('refuse sizes that mean nothing', async () => {
    const pair = (images: Tensor4D) => tf.zeros([images.shape[0] + 1]);
    await expect(binCounts(rows, 3, { bins: 0, binsOf: byte }, 1)).rejects.toThrow(
      'histogram: bins is out of range; got 0, expected a whole number of at least 1.',
    );
    await expect(binCounts(rows, 3, { bins: 2, binsOf: byte, batchSize: 0 }, 1)).rejects.toThrow(
      'counts: batchSize is out of range; got 0',
    );
    await expect(binCounts(rows, 3, { bins: 2, binsOf: pair }, 1)).rejects.toThrow(
      'histogram: binsOf gives another number of bins than of images; got 31, expected a multiple of 30.',
    );
  });

  it('count nothing of no records', async () => {
    const none = { ...rows, data: new Uint8Array(), labels: new Uint8Array(), count: 0 };
    expect([...(await binCounts(none, 3, { bins: 2, binsOf: byte }, 1))]).toEqual([0, 0]);
    expect([...(await rightAnswers(none, [byte]))]).toEqual([0]);
  });
});
