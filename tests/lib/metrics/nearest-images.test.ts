import { beforeAll, describe, expect, it } from 'vitest';
import type { Images } from '../../../lib/core/images.js';
import { SeededStream } from '../../../lib/core/rng.js';
import { nearestImages } from '../../../lib/metrics/nearest-images.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

function random(count: number, seed: number): Images {
  const stream = new SeededStream(seed);
  const data = Uint8Array.from({ length: count * 12 }, () => stream.integer(256));
  return { data, count, height: 2, width: 2, channels: 3 };
}

/** By plain loops in double precision. */
function bruteForce(queries: Images, stack: Images, neighbours: number) {
  return Array.from({ length: queries.count }, (_, q) => {
    const all = Array.from({ length: stack.count }, (_, s) => {
      let sum = 0;
      for (let i = 0; i < 12; i++) sum += ((queries.data[q * 12 + i]! - stack.data[s * 12 + i]!) / 255) ** 2;
      return { place: s, distance: Math.sqrt(sum / 12) };
    });
    return all.sort((a, b) => a.distance - b.distance).slice(0, neighbours);
  });
}

describe('nearest images', () => {
  it('equal brute force over more than one block, leave no tensor, and find a copy at 0', async () => {
    const [queries, stack] = [random(510, 1), random(5100, 2)];
    stack.data.set(queries.data.subarray(0, 12), 5050 * 12);
    const before = tf.memory().numTensors;
    const found = await nearestImages(queries, stack, 3);
    expect(tf.memory().numTensors).toBe(before);
    expect(found.places[0]).toBe(5050);
    expect(found.distances[0]).toBeLessThan(1e-3);
    bruteForce(queries, stack, 3).forEach((expected, q) =>
      expected.forEach(({ distance }, i) => expect(found.distances[q * 3 + i]!).toBeCloseTo(distance, 3)),
    );
  });

  it('refuse another shape, and more neighbours than there are', async () => {
    const stack = random(2, 1);
    await expect(nearestImages({ ...stack, height: 1, width: 4 }, stack, 1)).rejects.toThrow(
      "nearest images: the shapes differ; got '1 x 4 x 3', expected 2 x 2 x 3.",
    );
    await expect(nearestImages(stack, stack, 3)).rejects.toThrow(
      'nearest images: too few images; got 2, expected at least 3.',
    );
  });
});
