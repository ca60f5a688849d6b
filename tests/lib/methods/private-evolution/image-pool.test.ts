import { beforeAll, describe, expect, it } from 'vitest';
import type { LabeledImages } from '../../../../lib/core/images.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import type { GeneratorContext } from '../../../../lib/methods/private-evolution/image-generator.js';
import { imagePool } from '../../../../lib/methods/private-evolution/image-pool.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

/** Grey images, of shade 2 i. */
const greys: LabeledImages = {
  ...{ data: Uint8Array.from({ length: 100 * 16 }, (_, i) => 2 * Math.floor(i / 16)), labels: new Uint8Array(100) },
  ...{ count: 100, height: 4, width: 4, channels: 1 },
};

async function opened() {
  const owned: { dispose(): void }[] = [];
  const context = {
    shape: greys,
    publicDataset: { name: 'greys', classes: ['grey'], images: greys },
    own: <T extends { dispose(): void }>(it: T) => (owned.push(it), it),
  };
  const generator = await imagePool.open(context as unknown as GeneratorContext);
  return { generator, dispose: () => owned.forEach((each) => each.dispose()) };
}

describe('image-pool', () => {
  it('draws all images alike, and remembers their places', async () => {
    const { generator, dispose } = await opened();
    const { images, memory } = await generator.random(3000, new SeededStream(1));
    memory.forEach((place, i) => expect(images.data[i * 16]).toBe(2 * place));
    expect(new Set(memory).size).toBe(100);
    dispose();
  });

  it('varies to one of the n^degree images that are nearest, all of them alike', async () => {
    const before = tf.memory().numTensors;
    const { generator, dispose } = await opened();
    const count = 4000;
    const middle = {
      images: { ...greys, data: new Uint8Array(count * 16), count },
      memory: new Float32Array(count).fill(40),
    };
    const reached = async (degree: number) => {
      const { images, memory } = await generator.vary(middle, degree, new SeededStream(2));
      expect(images.data[16]).toBe(2 * memory[1]!);
      return [...new Set(memory)].sort((a, b) => a - b);
    };
    expect(await reached(0)).toEqual([40]);
    // 100^0.5 = 10 nearest: 40, 4 on each side, and of 35 and 45, which are equally near, the first.
    expect(await reached(0.5)).toEqual([35, 36, 37, 38, 39, 40, 41, 42, 43, 44]);
    expect(await reached(1)).toHaveLength(100);
    dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
