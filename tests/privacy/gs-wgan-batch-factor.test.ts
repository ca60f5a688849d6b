import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../lib/core/rng.js';
import { shardedCritics } from '../../lib/mechanisms/index.js';
import { setupEngine } from '../../lib/tensor/index.js';
import { answered, rowsOf, type ToyOptions } from '../lib/mechanisms/sharded-critics/toy-critics.js';

beforeAll(() => setupEngine());

type Record = readonly [number, number];

/** The largest change of what critics answer when one record is taken away. */
async function change(records: readonly Record[], gone: number, batch: number, options: ToyOptions): Promise<number> {
  const fewer = records.filter((_, row) => row !== gone);
  const [whole, less] = [
    await answered(rowsOf(records), batch, options),
    await answered(rowsOf(fewer), batch, options),
  ];
  return Math.hypot(...whole.map((value, i) => value - less[i]!));
}

describe('pitfall 15: the factor of the batch in the sensitivity of gradients of images', () => {
  const { sensitivity } = shardedCritics({ of: 'slopes', critics: 2, answering: 'all', steps: 1, clipNorm: 1 });
  // A critic of one white record against one that has none, which learns black: its slopes turn round.
  const white: readonly Record[] = [[255, 255]];
  const turned = { count: 2, clipNorm: 1e-3, updates: 40 };

  it('is paid for: a critic that turns round moves the slopes of all images together by no more than the plan says', async () => {
    for (const batch of [1, 4, 32]) {
      const moved = await change(white, 0, batch, turned);
      expect(moved).toBeLessThanOrEqual(sensitivity * (1 + 1e-4));
      expect(moved).toBeGreaterThan(sensitivity * 0.999); // and the bound is reached
    }
  });

  it('holds because a record changes no critic but its own, with a class that does not exist too', async () => {
    // Many critics that nearly agree, and fakes that all differ: whatever moves the draws of others moves their slopes as well.
    const stream = new SeededStream('neighbours');
    const fakes = Array.from({ length: 40 }, () => [stream.uniform(), stream.uniform()] as const);
    const options = { count: 30, clipNorm: 1e-3, updates: 3, size: 150, fakes };
    for (const label of [0, 1, 200]) {
      const whole = rowsOf(Array.from({ length: 151 }, () => [120 + stream.integer(16), 120 + stream.integer(16)]));
      whole.labels[150] = label;
      const fewer = { ...whole, data: whole.data.subarray(0, 300), labels: whole.labels.subarray(0, 150), count: 150 };
      const [before, after] = [await answered(whole, 1, options), await answered(fewer, 1, options)];
      const moved = Math.hypot(...before.map((value, i) => value - after[i]!));
      expect(moved).toBeGreaterThan(0); // the record is seen
      expect(moved).toBeLessThanOrEqual(sensitivity * (1 + 1e-4));
    }
  });

  it('is more than this mutation pays for: slopes clipped image by image to 1 / b, and one image charged', async () => {
    const batch = 32;
    const [before, after] = [await answered(rowsOf(white), 1, turned), await answered(rowsOf([]), 1, turned)];
    /** Linear critics have the same slope at each image. */
    const clippedOneByOne = (slope: readonly number[]) =>
      Array.from({ length: batch }, () => slope.map((value) => value / batch)).flat();
    const [whole, less] = [clippedOneByOne(before), clippedOneByOne(after)];
    const moved = Math.hypot(...whole.map((value, i) => value - less[i]!));
    expect(moved).toBeGreaterThan(5 * (2 / batch)); // of the reference's 2 c / b
    expect(moved).toBeCloseTo(0.353553, 4); // 2 c / sqrt(b)
  });
});
