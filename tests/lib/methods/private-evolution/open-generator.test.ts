import { describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import type {
  GeneratedImages,
  GeneratorContext,
  ImageGeneratorDefinition,
} from '../../../../lib/methods/private-evolution/image-generator.js';
import { openGenerator } from '../../../../lib/methods/private-evolution/open-generator.js';

const shape = { height: 1, width: 2, channels: 1 };
const stream = new SeededStream(1);
const made = (count: number, numbers: number, width = 2): GeneratedImages => ({
  images: { data: new Uint8Array(count * width), count, height: 1, width, channels: 1 },
  memory: new Float32Array(numbers),
});

const open = (change: Partial<ImageGeneratorDefinition>, context: Partial<GeneratorContext> = {}) => {
  const right = { random: () => Promise.resolve(made(3, 3)), vary: () => Promise.resolve(made(3, 3)) };
  const definition = { id: 'mine', title: 'mine', open: () => Promise.resolve(right), ...change };
  return openGenerator(definition, { shape, ...context } as GeneratorContext);
};
const making = (random: GeneratedImages, vary = random) =>
  open({ open: () => Promise.resolve({ random: () => Promise.resolve(random), vary: () => Promise.resolve(vary) }) });

describe('openGenerator', () => {
  it('gives on what fits', async () => {
    const generator = await open({});
    const first = await generator.random(3, stream);
    expect(first).toEqual(made(3, 3));
    expect(await generator.vary(first, 0.5, stream)).toEqual(made(3, 3));
  });

  it('refuses a public dataset that is missing, or that would not be used, and shapes that it is not made for', async () => {
    await expect(open({ publicData: 'required' })).rejects.toThrow(
      "image generator 'mine': it draws on public images, and publicDataset is missing.",
    );
    const publicDataset = { name: 'kmnist', classes: [], images: { ...made(0, 0).images, labels: new Uint8Array() } };
    await expect(open({}, { publicDataset })).rejects.toThrow(
      "image generator 'mine': it takes no public dataset; got 'kmnist'. Leave publicDataset out, or choose another",
    );
    await expect(open({ accepts: () => false })).rejects.toThrow(
      "image generator 'mine': it does not make such images; got '1 x 2 x 1'.",
    );
  });

  it('refuses other images than it asked for, and memory that does not fit them', async () => {
    await expect((await making(made(2, 2))).random(3, stream)).rejects.toThrow(
      "mine.random: other images than it was asked for; got '2 of 1 x 2 x 1', expected 3 of 1 x 2 x 1.",
    );
    await expect((await making(made(3, 3, 4))).random(3, stream)).rejects.toThrow("got '3 of 1 x 4 x 1'");
    await expect((await making(made(3, 4))).random(3, stream)).rejects.toThrow(
      `mine.random: the memory is not the same number of numbers for each image, always; got ${4 / 3}, expected a whole number.`,
    );
    await expect((await making(made(3, 3), made(3, 6))).vary(made(3, 3), 1, stream)).rejects.toThrow(
      'mine.vary: the memory is not the same number of numbers for each image, always; got 2, expected 1.',
    );
  });
});
