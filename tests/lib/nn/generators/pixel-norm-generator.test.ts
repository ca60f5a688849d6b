import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { drawInput, labelsInTurn } from '../../../../lib/nn/generators/draw-images.js';
import { GeneratorGradient } from '../../../../lib/nn/generators/generator-gradient.js';
import { pixelNormGenerator } from '../../../../lib/nn/generators/pixel-norm-generator.js';
import { parameterCount } from '../../../../lib/nn/parameters.js';
import { setupEngine, tf, type Scalar, type Tensor2D } from '../../../../lib/tensor/index.js';
import { expectShown, labelRows, setToWaves, wave, type Shown } from './waves.js';

interface Golden {
  readonly batch: number;
  readonly classes: number;
  readonly pixelNorm: readonly {
    readonly height: number;
    readonly width: number;
    readonly channels: number;
    readonly w: number;
    readonly images: Shown;
    readonly gradients: Record<string, Shown>;
  }[];
}

const golden = JSON.parse(readFileSync(new URL('../../../golden/generators.json', import.meta.url), 'utf8')) as Golden;

/** float32 through some twenty layers against double, relative to the largest value of a tensor. */
const tolerance = 1e-3;

beforeAll(() => setupEngine());

const stream = () => new SeededStream(1);

describe('the generator of GS-WGAN', () => {
  it.each([
    [28, 1, 1000, 7_881_217],
    [28, 1, 10, 3_826_177],
    [32, 3, 1000, 7_885_827],
    [64, 3, 1000, 20_308_995],
  ])('of %i pixels, %i channels and %i classes has %i parameters', (side, channels, classes, count) => {
    const before = tf.memory().numTensors;
    const generator = pixelNormGenerator({ classes, shape: { height: side, width: side, channels }, stream: stream() });
    expect(parameterCount(generator.parameters)).toBe(count);
    generator.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  for (const expected of golden.pixelNorm)
    it(`computes what PyTorch computes at ${expected.height} x ${expected.width}`, async () => {
      const before = tf.memory().numTensors;
      const { batch, classes } = golden;
      const { height, width, channels, w } = expected;
      const shape = { height, width, channels };
      const generator = pixelNormGenerator({ classes, shape, channels: w, stream: stream() });
      setToWaves(generator.parameters, generator.state);
      const latents = tf.tidy(() => wave([batch, 10], 300).greater(0).toFloat() as Tensor2D);
      const [labels, slopes] = [labelRows(batch, classes) as Tensor2D, wave([batch, height, width, channels], 301)];
      const gradient = new GeneratorGradient(generator, (made, _labels, slopes) => made.mul(slopes!).sum<Scalar>());
      const found = gradient.at(latents, labels, slopes); // after one power iteration
      const images = [generator.train(latents, labels), generator.generate(latents, labels)];
      for (const made of images) {
        expect(made.shape).toEqual([batch, height, width, channels]);
        await expectShown(made, expected.images, tolerance, 'images');
      }
      expect(Object.keys(found.gradients)).toEqual(Object.keys(expected.gradients));
      for (const [name, values] of Object.entries(found.gradients))
        await expectShown(values, expected.gradients[name]!, tolerance, name);
      gradient.dispose();
      tf.dispose([latents, labels, slopes, ...images, found]);
      generator.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

  it('makes each image by itself from ten fair bits', async () => {
    const shape = { height: 28, width: 28, channels: 1 };
    const generator = pixelNormGenerator({ classes: 3, shape, channels: 8, stream: stream() });
    const { latents, labels } = drawInput(generator, labelsInTurn(300, 3), new SeededStream(2));
    expect(latents.shape).toEqual([300, 10]);
    const bits = Array.from(await latents.data());
    expect(new Set(bits)).toEqual(new Set([0, 1]));
    // 3000 coins: a deviation of 27; five of them.
    expect(Math.abs(bits.reduce((sum, bit) => sum + bit, 0) - 1500)).toBeLessThan(137);
    const all = generator.generate(latents, labels);
    expect(all.shape).toEqual([300, 28, 28, 1]);
    const some = tf.tidy(() => [latents, labels].map((input) => input.slice([200, 0], [2, -1]) as Tensor2D));
    const few = generator.generate(some[0]!, some[1]!);
    const difference = tf.tidy(() => all.slice([200, 0, 0, 0], [2, -1, -1, -1]).sub(few).abs().max());
    expect((await difference.data())[0]).toBeLessThan(1e-6);
    tf.dispose([latents, labels, all, ...some, few, difference]);
    generator.dispose();
  });

  it('refuses numbers that are no counts', () => {
    const shape = { height: 28, width: 28, channels: 1 };
    expect(() => pixelNormGenerator({ classes: 3, channels: 0.5, shape, stream: stream() })).toThrow(
      'pixelNormGenerator: channels is out of range; got 0.5, expected a whole number of at least 1',
    );
  });
});
