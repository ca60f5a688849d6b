import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../lib/core/rng.js';
import { labelSums } from '../../../lib/mechanisms/label-sums.js';
import type { OuterProduct } from '../../../lib/mechanisms/outer-products.js';
import { setupEngine, tf, type Tensor2D, type Tensor4D } from '../../../lib/tensor/index.js';
import { asVectors } from './as-vectors.js';

beforeAll(() => setupEngine());

/** Sums of twenty float32 numbers of size 1. */
const rounding = 1e-6;

/** Records whose byte is their number. */
const recordsIn = (labels: readonly number[]) => ({
  data: Uint8Array.from(labels, (_, i) => i),
  labels: Uint8Array.from(labels),
  count: labels.length,
  ...{ height: 1, width: 1, channels: 1 },
});

/** Factors of each record, looked up by its number. */
function byRecord(factors: readonly (readonly [left: number[], right: number[]])[]) {
  return (images: Tensor4D): OuterProduct => {
    const places = images.reshape([-1]).mul(255).round().toInt();
    const rows = (side: 0 | 1) => tf.tensor2d(factors.map((each) => each[side])).gather(places as never) as Tensor2D;
    return { left: rows(0), right: rows(1) };
  };
}

describe('features as outer products', () => {
  it('are summed and clipped as the vectors that they stand for', async () => {
    const stream = new SeededStream(3);
    const numbers = (count: number) => Array.from({ length: count }, () => 2 * stream.normal());
    const factors = (m: number, n: number) =>
      byRecord(Array.from({ length: 20 }, () => [numbers(m), numbers(n)] as const));
    const [first, second] = [factors(2, 3), factors(4, 1)];
    const records = recordsIn(Array.from({ length: 20 }, (_, i) => i % 3));
    const both = (images: Tensor4D) => [first(images), second(images)];
    for (const [clipNorm, batchSize] of [
      [1e3, 20], // nothing is clipped
      [5, 7], // some are
      [0.1, 3], // all are
    ] as const) {
      const query = { dimension: 10, clipNorm, batchSize };
      const sums = await labelSums(records, 3, { ...query, features: both });
      const vectors = await labelSums(records, 3, { ...query, features: (images) => asVectors(both(images)) });
      sums.forEach((value, i) => expect(Math.abs(value - vectors[i]!)).toBeLessThan(rounding * 20 * clipNorm));
      expect(Math.max(...sums)).toBeGreaterThan(0.01);
    }
  });

  it('count as nothing where they are not finite, and are clipped where squares underflow or overflow', async () => {
    const features = byRecord([
      [[NaN, 1], [1]],
      [[0, 0], [Infinity]], // 0 times infinity
      [[1e30, 0], [1e30]], // their product is no float32
      [[3e-25, 4e-25], [1e30]], // squares of the left side are 0 in float32, the products 3e5 and 4e5
      [[3, 4], [1e-30]], // tiny, kept
    ]);
    const sums = async (record: number) => {
      const one = { ...recordsIn([0]), data: Uint8Array.of(record) };
      const query = { features: (images: Tensor4D) => [features(images)], dimension: 2, clipNorm: 1 };
      return [...(await labelSums(one, 1, query))];
    };
    for (const record of [0, 1, 2]) expect(await sums(record)).toEqual([0, 0]);
    const [x, y] = await sums(3);
    expect(Math.hypot(x!, y!)).toBeLessThanOrEqual(1);
    expect(x).toBeCloseTo(0.6, 5);
    expect((await sums(4))[0]! / 3e-30).toBeCloseTo(1, 5);
  });
});
