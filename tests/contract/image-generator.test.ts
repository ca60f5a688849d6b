import { beforeAll, describe, expect, it } from 'vitest';
import { parameterValues } from '../../lib/core/options.js';
import { SeededStream } from '../../lib/core/rng.js';
import type { GeneratedImages, GeneratorContext } from '../../lib/methods/private-evolution/image-generator.js';
import { imageGenerators } from '../../lib/methods/private-evolution/image-generators.js';
import { openGenerator } from '../../lib/methods/private-evolution/open-generator.js';
import { trainedHere } from '../../lib/methods/pretraining/trained-here.js';
import { diffusionGeneratorParameters } from '../../lib/methods/private-evolution/parameters.js';
import { setupEngine, tf } from '../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const shape = { height: 28, width: 28, channels: 1 };

/** Public images: squares of random shades, in two classes. */
function squares(count: number) {
  const stream = new SeededStream('squares');
  const data = new Uint8Array(count * 784);
  for (let i = 0; i < count; i++) {
    const [shade, left, width] = [100 + stream.integer(156), stream.integer(10), 4 + stream.integer(12)];
    for (let row = left; row < left + width; row++)
      data.fill(shade, i * 784 + row * 28 + left, i * 784 + row * 28 + left + width);
  }
  return { data, labels: Uint8Array.from({ length: count }, (_, i) => i % 2), count, ...shape };
}

const publicDataset = { name: 'squares', classes: ['a', 'b'], images: squares(80) };

async function withGenerator<T>(
  id: string,
  work: (generator: Awaited<ReturnType<typeof openGenerator>>) => Promise<T>,
): Promise<T> {
  const owned: { dispose(): void }[] = [];
  const definition = imageGenerators.get(id);
  const context: GeneratorContext = {
    ...{ shape, stream: new SeededStream(1), params: parameterValues('x', diffusionGeneratorParameters, 'smoke') },
    ...(definition.publicData === 'required' && { publicDataset }),
    pretrained: trainedHere({ load: () => Promise.resolve(undefined), save: () => Promise.resolve() }),
    own: (disposable) => (owned.push(disposable), disposable),
  };
  try {
    return await work(await openGenerator(definition, context));
  } finally {
    for (const each of owned.reverse()) each.dispose();
  }
}

/** Mean distance of images from others, in bytes. */
const change = (a: GeneratedImages, b: GeneratedImages): number =>
  a.images.data.reduce((sum, byte, i) => sum + Math.abs(byte - b.images.data[i]!), 0) / a.images.data.length;

const bytes = ({ images }: GeneratedImages) => Buffer.from(images.data).toString('base64');

describe.each(imageGenerators.all())('image generator $id', { timeout: 120_000 }, ({ id, title }) => {
  it('says what it is', () => expect(title.length).toBeGreaterThan(10));

  it('makes different images and varies them by the degree, repeats both by the stream, leaves no tensor behind', async () => {
    await withGenerator(id, (generator) => generator.random(1, new SeededStream(1)));
    const before = tf.memory().numTensors;
    await withGenerator(id, async (generator) => {
      const first = await generator.random(40, new SeededStream(2));
      expect(first.images).toMatchObject({ count: 40, ...shape });
      const each = Array.from({ length: 40 }, (_, i) => String(first.images.data.subarray(i * 784, (i + 1) * 784)));
      expect(new Set(each).size).toBeGreaterThan(20);
      expect(bytes(await generator.random(40, new SeededStream(2)))).toBe(bytes(first));
      expect(bytes(await generator.random(40, new SeededStream(3)))).not.toBe(bytes(first));

      const vary = (degree: number, seed = 4) => generator.vary(first, degree, new SeededStream(seed));
      const [little, much] = [await vary(0.05), await vary(0.9)];
      expect(change(little, first)).toBeLessThan(change(much, first) / 2);
      expect(little.memory).toHaveLength(first.memory.length);
      expect(bytes(await vary(0.9))).toBe(bytes(much));
      expect(bytes(await vary(0.9, 5))).not.toBe(bytes(much));
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a generator of one’s own', () => {
  it('is known by its name once it is defined, and replaced by another of that name', () => {
    const mine = { id: 'mine', title: 'My own', open: () => Promise.reject(new Error('not asked')) };
    expect(imageGenerators.names()).toEqual(['strokes', 'image-pool', 'diffusion']);
    imageGenerators.define(mine);
    expect(imageGenerators.get('mine')).toBe(mine);
    imageGenerators.define({ ...mine, title: 'Another' });
    expect(imageGenerators.get('mine').title).toBe('Another');
    expect(() => imageGenerators.get('mien')).toThrow("image generator: no such name; got 'mien'");
  });
});
