import { beforeAll, expect, it } from 'vitest';
import { parameterValues } from '../../../../lib/core/options.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { dpgan } from '../../../../lib/methods/dpgan.js';
import { Gan, type GanContext } from '../../../../lib/methods/gan/gan.js';
import { trainPublicly } from '../../../../lib/methods/gan/train-publicly.js';
import { drawImages } from '../../../../lib/nn/generators/draw-images.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const shape = { height: 8, width: 8, channels: 1 };
const facts = { name: 'halves', size: 100, classes: ['left', 'right'], shape };

/** Images whose left or right half is white, with some grey noise. */
function halves(count: number) {
  const stream = new SeededStream('halves');
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 2);
  const data = Uint8Array.from({ length: 64 * count }, (_, i) => {
    const right = Number(i % 8 >= 4);
    return (right === labels[Math.floor(i / 64)] ? 200 : 0) + stream.integer(56);
  });
  return { name: 'halves', classes: facts.classes, images: { data, labels, count, ...shape } };
}

async function train(count: number, given: object) {
  const params = parameterValues('dpgan', dpgan.params, 'smoke', given);
  const gan = new Gan(facts, params, 2, new SeededStream(1));
  const owned: { dispose(): void }[] = [gan];
  const own = <T extends { dispose(): void }>(it: T): T => {
    owned.push(it);
    return it;
  };
  const checkpoint = { load: () => Promise.resolve(undefined), save: () => Promise.resolve() };
  const context = { params, own, checkpoint, stream: new SeededStream(2) } as unknown as GanContext;
  try {
    await trainPublicly(gan, halves(count), context);
    return await drawImages(gan.generator, Uint8Array.from([0, 0, 0, 1, 1, 1]), new SeededStream(3), { classes: 2 });
  } finally {
    for (const it of owned) it.dispose();
  }
}

it('refuses fewer public images than a batch', async () => {
  await expect(train(3, {})).rejects.toThrow(
    'training on halves: the dataset has fewer images than a batch; got 3, expected publicBatchSize of at most 3, not 16.',
  );
});

it('learns what images of each class look like, and leaves the average of the generator’s weights', async () => {
  const before = tf.memory().numTensors;
  const { data } = await train(200, {
    ...{ publicSteps: 150, publicBatchSize: 64, criticSteps: 1 },
    ...{ criticRate: 1e-3, generatorRate: 1e-3, momentum: 0.5 },
  });
  const sums = Array.from({ length: 6 }, (_, i) => {
    const image = data.subarray(64 * i, 64 * i + 64);
    const half = (right: boolean) => image.reduce((sum, value, j) => sum + (j % 8 >= 4 === right ? value : 0), 0) / 32;
    return half(true) - half(false);
  });
  // The halves are 200 apart.
  for (const difference of sums.slice(0, 3)) expect(difference).toBeLessThan(-100);
  for (const difference of sums.slice(3)) expect(difference).toBeGreaterThan(100);
  expect(tf.memory().numTensors).toBe(before);
});
