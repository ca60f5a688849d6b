import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { labelsInParts, Fakes } from '../../../../lib/methods/gan/fakes.js';
import { SmallGenerator } from '../../../../lib/nn/generators/small-generator.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const shape = { height: 4, width: 4, channels: 1 };
const newGenerator = () => new SmallGenerator({ latentSize: 3, classes: 4, shape, stream: new SeededStream(1) });

describe('generated images for records', () => {
  it('are drawn by chance from as many as were made, of each private class equally often, in [0, 1]', async () => {
    const before = tf.memory().numTensors;
    const generator = newGenerator();
    const fakes = new Fakes(generator, { count: 12, part: 5, classes: 3 });
    fakes.renew(new SeededStream(1));
    const [images, labels] = fakes.draws(600, new SeededStream(2));
    expect(images!.shape).toEqual([600, 4, 4, 1]);
    expect(labels!.shape).toEqual([600, 4]);
    const values = await images!.data();
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
    const first = (i: number) => values.subarray(16 * i, 16 * i + 16).join();
    expect(new Set(Array.from({ length: 600 }, (_, i) => first(i))).size).toBe(12);
    const byClass = tf.tidy(() => labels!.sum(0));
    const counts = [...(await byClass.data())];
    expect(counts[3]).toBe(0); // a class of public images alone
    for (const count of counts.slice(0, 3)) expect(Math.abs(count - 200)).toBeLessThan(60); // five deviations
    tf.dispose([images!, labels!, byClass]);
    fakes.dispose();
    generator.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('do not depend on how many records there are', async () => {
    const generator = newGenerator();
    const fakes = new Fakes(generator, { count: 12, part: 12, classes: 4 });
    fakes.renew(new SeededStream(1));
    const [few, more] = [fakes.draws(3, new SeededStream(5)), fakes.draws(9, new SeededStream(5))];
    const [a, b] = [await few[0]!.data(), await more[0]!.data()];
    expect([...b.subarray(0, a.length)]).toEqual([...a]);
    const others = fakes.draws(9, new SeededStream(6));
    expect([...(await others[0]!.data())]).not.toEqual([...b]);
    tf.dispose([...few, ...more, ...others]);
    fakes.dispose();
    generator.dispose();
  });

  it('follow the generator and the stream: the same again, others with another stream or other weights', async () => {
    const generator = newGenerator();
    const fakes = new Fakes(generator, { count: 8, part: 4, classes: 4 });
    const values = async (seed: number) => {
      fakes.renew(new SeededStream(seed));
      const drawn = fakes.draws(8, new SeededStream(0));
      const all = [...(await drawn[0]!.data())];
      tf.dispose(drawn);
      return all;
    };
    const once = await values(1);
    expect(await values(1)).toEqual(once);
    expect(await values(2)).not.toEqual(once);
    tf.tidy(() => generator.parameters['bias4']!.assign(tf.tensor1d([1])));
    expect(await values(1)).not.toEqual(once);
    fakes.dispose();
    generator.dispose();
  });
});

it('labels come in parts that are even, few and none too large, each class equally often in all', () => {
  const sizes = (count: number, largest: number) => labelsInParts(count, largest, 3).map(({ length }) => length);
  expect(sizes(4096, 128)).toEqual(Array(32).fill(128));
  expect(sizes(10, 4)).toEqual([3, 3, 4]);
  expect(sizes(7, 100)).toEqual([7]);
  expect(labelsInParts(8, 4, 3).map((part) => [...part])).toEqual([
    [0, 1, 2, 0],
    [1, 2, 0, 1],
  ]);
});
