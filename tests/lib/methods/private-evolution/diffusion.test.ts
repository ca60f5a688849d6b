import { beforeAll, describe, expect, it } from 'vitest';
import { parameterValues } from '../../../../lib/core/options.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { diffusion } from '../../../../lib/methods/private-evolution/diffusion.js';
import type { GeneratorContext } from '../../../../lib/methods/private-evolution/image-generator.js';
import { trainedHere } from '../../../../lib/methods/pretraining/trained-here.js';
import { diffusionGeneratorParameters } from '../../../../lib/methods/private-evolution/parameters.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const shape = { height: 28, width: 28, channels: 1 };
const classes = ['a', 'b', 'c', 'd'];
const publicDataset = {
  ...{ name: 'grey', classes },
  images: { data: new Uint8Array(32 * 784).fill(99), labels: new Uint8Array(32), count: 32, ...shape },
};

describe('the generator diffusion', () => {
  it('draws every public class, remembers it, and varies a little at a small degree', async () => {
    const before = tf.memory().numTensors;
    const owned: { dispose(): void }[] = [];
    const context: GeneratorContext = {
      ...{ shape, publicDataset, stream: new SeededStream(1) },
      params: parameterValues('x', diffusionGeneratorParameters, 'smoke'),
      pretrained: trainedHere({ load: () => Promise.resolve(undefined), save: () => Promise.resolve() }),
      own: (disposable) => (owned.push(disposable), disposable),
    };
    const generator = await diffusion.open(context);
    expect(Object.keys(generator.parameters!)).toContain('label.table');
    const first = await generator.random(60, new SeededStream(2));
    expect(new Set(first.memory)).toEqual(new Set([0, 1, 2, 3])); // not one class for all, as in the reference
    const change = async (degree: number) => {
      const { images, memory } = await generator.vary(first, degree, new SeededStream(3));
      expect(memory).toEqual(first.memory);
      return images.data.reduce((sum, byte, i) => sum + Math.abs(byte - first.images.data[i]!), 0) / images.data.length;
    };
    const little = await change(0.05);
    expect(little).toBeLessThan(2); // of 255; the noise of degree 0.05 has a deviation of 0.006 of 2
    for (const degree of [0.4, 1]) expect(await change(degree)).toBeGreaterThan(4 * little);
    for (const each of owned.reverse()) each.dispose();
    expect(tf.memory().numTensors).toBe(before);
  }, 120_000);
});
