import { beforeAll, describe, expect, it } from 'vitest';
import { labelSums } from '../../../lib/mechanisms/label-sums.js';
import { setupEngine, tf, type Tensor2D, type Tensor4D } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

/** Images of 1 x 2 pixels; the features of an image are given by its first byte. */
const rowsWith = (bytes: readonly number[], labels: readonly number[]) => ({
  data: Uint8Array.from(bytes.flatMap((byte) => [byte, 0])),
  labels: Uint8Array.from(labels),
  count: bytes.length,
  height: 1,
  width: 2,
  channels: 1,
});
const byTable =
  (table: readonly (readonly number[])[]) =>
  (images: Tensor4D): Tensor2D => {
    const first = images.reshape([-1, 2]).slice([0, 0], [-1, 1]).mul(255).round().flatten().toInt();
    return tf.gather(tf.tensor2d(table.flat(), [table.length, table[0]!.length]), first as never);
  };

describe('labelSums', () => {
  it('clips each record alone to the bound, and never above it', async () => {
    // Norms 5, 0.5, 0 and 1e20 (whose square is no float32): scaled to 1, kept, kept, dropped as not finite.
    const features = byTable([
      [3, 4],
      [0.3, 0.4],
      [0, 0],
      [1e20, 0],
    ]);
    for (const [byte, expected] of [
      [0, [0.6, 0.8]],
      [1, [0.3, 0.4]],
      [2, [0, 0]],
      [3, [0, 0]],
    ] as const) {
      const sum = await labelSums(rowsWith([byte], [0]), 1, { features, dimension: 2, clipNorm: 1 });
      expected.forEach((value, i) => expect(sum[i]).toBeCloseTo(value, 5));
      expect(Math.hypot(...sum)).toBeLessThanOrEqual(1);
    }
  });

  it('lets a record that is not finite count as zero and leaves all others untouched', async () => {
    const features = byTable([
      [NaN, 1],
      [Infinity, 0],
      [-Infinity, NaN],
      [0.25, 0.5],
    ]);
    const query = { features, dimension: 2, clipNorm: 1 };
    const sum = await labelSums(rowsWith([0, 3, 1, 3, 2], [0, 0, 1, 1, 0]), 2, query);
    expect([...sum]).toEqual([0.25, 0.25, 0.5, 0.5]);
  });

  it('puts every record in the column of its label, whatever the batches', async () => {
    const features = byTable([
      [0.5, 0],
      [0, 0.5],
    ]);
    const rows = rowsWith([0, 1, 0, 0, 1], [0, 1, 2, 2, 2]);
    for (const batchSize of [1, 2, 3, 500]) {
      const sum = await labelSums(rows, 3, { features, dimension: 2, clipNorm: 1, batchSize });
      expect([...sum]).toEqual([0.5, 0, 1, 0, 0.5, 0.5]);
    }
  });

  it('refuses a bound that is none', async () => {
    const query = { features: byTable([[1]]), dimension: 1, clipNorm: 1 };
    const bad: [object, string][] = [
      [{ clipNorm: -5 }, 'label sums: clipNorm is out of range; got -5, expected a number above 0.'],
      [{ clipNorm: NaN }, 'clipNorm is out of range; got NaN'],
      [{ batchSize: 0 }, 'batchSize is out of range; got 0'],
      [{ dimension: 0.5 }, 'dimension is out of range; got 0.5'],
    ];
    for (const [change, words] of bad)
      await expect(labelSums(rowsWith([0], [0]), 1, { ...query, ...change })).rejects.toThrow(words);
  });

  it('gives zeros for no records', async () => {
    const query = { features: byTable([[1]]), dimension: 1, clipNorm: 1 };
    expect([...(await labelSums(rowsWith([], []), 2, query))]).toEqual([0, 0]);
  });
});
