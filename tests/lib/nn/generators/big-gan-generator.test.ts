import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { bigGanGenerator, bigGanShapes } from '../../../../lib/nn/generators/big-gan-generator.js';
import { drawInput, labelsInTurn } from '../../../../lib/nn/generators/draw-images.js';
import { GeneratorGradient } from '../../../../lib/nn/generators/generator-gradient.js';
import { spectralEstimate } from '../../../../lib/nn/spectral-norm.js';
import { parameterCount } from '../../../../lib/nn/parameters.js';
import { setupEngine, tf, type Scalar, type Tensor, type Tensor2D } from '../../../../lib/tensor/index.js';
import { expectShown, labelRows, setToWaves, wave, type Shown } from './waves.js';

interface Golden {
  readonly batch: number;
  readonly classes: number;
  readonly bigGan: readonly {
    readonly height: number;
    readonly width: number;
    readonly channels: number;
    readonly gc: number;
    readonly state: Record<string, readonly [Shown, Shown]>;
    readonly images: Shown;
    readonly gradients: Record<string, Shown>;
  }[];
}

const golden = JSON.parse(readFileSync(new URL('../../../golden/generators.json', import.meta.url), 'utf8')) as Golden;

/** float32 through some twenty layers against double, relative to the largest value of a tensor. */
const tolerance = 1e-3;

beforeAll(() => setupEngine());

const stream = () => new SeededStream(1);
const grey = { height: 28, width: 28, channels: 1 };

describe('the generator of BigGAN', () => {
  // Counted by the formula of the network and, where "logged", printed by DPImageBench itself.
  it.each([
    [28, 41, 1000, 1_549_226],
    [28, 96, 1000, 6_771_970],
    [28, 41, 10, 1_422_506],
    [28, 96, 10, 6_645_250],
    [32, 60, 1000, 3_965_604], // logged
    [32, 96, 2, 9_361_412], // logged
    [32, 60, 10, 3_838_884],
    [32, 60, 100, 3_850_404],
    [32, 60, 2, 3_837_860],
    [64, 60, 1000, 4_149_924],
  ])('of %i pixels, width %i and %i classes has %i parameters', (side, width, classes, count) => {
    const shape = { height: side, width: side, channels: side === 28 ? 1 : 3 };
    const sizes = Object.values(bigGanShapes({ width, classes, shape })).map((lengths) =>
      lengths.reduce((product, length) => product * length, 1),
    );
    expect(sizes.reduce((sum, size) => sum + size)).toBe(count);
  });

  it('has what it says it has', () => {
    const before = tf.memory().numTensors;
    const options = { width: 41, classes: 10, shape: grey };
    const generator = bigGanGenerator({ ...options, stream: stream() });
    const { parameters } = generator;
    expect(parameterCount(parameters)).toBe(1_422_506);
    expect(Object.entries(parameters).map(([name, { shape }]) => [name, shape])).toEqual(
      Object.entries(bigGanShapes(options)),
    );
    generator.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('starts with weights of which all singular values are 1', async () => {
    const generator = bigGanGenerator({ width: 4, classes: 10, shape: grey, stream: stream() });
    const weights = { ...generator.parameters, ...generator.state };
    for (const name of Object.keys(generator.parameters).filter((name) => name.endsWith('kernel'))) {
      const estimate = tf.tidy(() => spectralEstimate(weights, name));
      expect((await estimate.data())[0], name).toBeCloseTo(1, 5);
      estimate.dispose();
    }
    generator.dispose();
  });

  for (const expected of golden.bigGan)
    it(`computes what PyTorch computes at ${expected.height} x ${expected.width}`, async () => {
      const before = tf.memory().numTensors;
      const { batch, classes } = golden;
      const { height, width, channels, gc } = expected;
      const generator = bigGanGenerator({
        width: gc,
        classes,
        shape: { height, width, channels },
        stream: stream(),
      });
      setToWaves(generator.parameters, generator.state);
      generator.advance();
      const [latents, labels] = [wave([batch, 60], 300) as Tensor2D, labelRows(batch, classes) as Tensor2D];
      const slopes = wave([batch, height, width, channels], 301);
      for (const [name, [left, right]] of Object.entries(expected.state)) {
        await expectShown(generator.state[`${name}.left`]!, left, tolerance, name);
        await expectShown(generator.state[`${name}.right`]!, right, tolerance, name);
      }
      const images = tf.tidy(() => generator.train(latents, labels));
      await expectShown(images, expected.images, tolerance, 'images');
      const gradient = new GeneratorGradient(generator, (made, _labels, slopes) => made.mul(slopes!).sum<Scalar>());
      setToWaves({}, generator.state); // the gradient advances by itself
      const found = gradient.at(latents, labels, slopes);
      expect(Object.keys(found.gradients)).toEqual(Object.keys(expected.gradients));
      for (const [name, values] of Object.entries(found.gradients))
        await expectShown(values, expected.gradients[name]!, tolerance, name);
      gradient.dispose();
      tf.dispose([latents, labels, slopes, images, found]);
      generator.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

  it('has nearly the same gradient in bfloat16, and none by a bias before batch normalisation', async () => {
    const before = tf.memory().numTensors;
    const generator = bigGanGenerator({ width: 8, classes: 3, shape: grey, stream: stream() });
    const { latents, labels } = drawInput(generator, labelsInTurn(12, 3), new SeededStream(2));
    const slopes = wave([12, 28, 28, 1], 3);
    const found = (['float32', 'bfloat16'] as const).map((precision) => {
      const loss = (made: Tensor, _labels: Tensor, slopes?: Tensor) => made.mul(slopes!).sum<Scalar>();
      const gradient = new GeneratorGradient(generator, loss, { precision });
      const all = gradient.at(latents, labels, slopes);
      gradient.dispose();
      return all;
    });
    const [full, rounded] = found as [(typeof found)[0], (typeof found)[0]];
    for (const name of ['block1.first.bias', 'block2.first.bias'])
      expect(new Set(await full.gradients[name]!.data())).toEqual(new Set([0]));
    const cosine = tf.tidy(() => {
      const flat = ({ gradients }: typeof full) => tf.concat(Object.values(gradients).map((x) => x.flatten()));
      const [a, b] = [flat(full), flat(rounded)];
      return a.dot(b).div(a.norm().mul(b.norm()));
    });
    // Values are rounded by up to 2^-9 of theirs before and after each product: 0.994 for this loss, whose slopes have no pattern.
    expect((await cosine.data())[0]).toBeGreaterThan(0.985);
    expect((await cosine.data())[0]).toBeLessThan(1 - 1e-7);
    tf.dispose([latents, labels, slopes, cosine, found]);
    generator.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('makes each image by itself once the statistics are fixed', async () => {
    const before = tf.memory().numTensors;
    const generator = bigGanGenerator({ width: 4, classes: 3, shape: { ...grey, channels: 3 }, stream: stream() });
    const { latents, labels } = drawInput(generator, labelsInTurn(30, 3), new SeededStream(2));
    generator.fixStatistics(latents, labels);
    const all = tf.tidy(() => generator.generate(latents, labels));
    expect(all.shape).toEqual([30, 28, 28, 3]);
    const some = tf.tidy(() => [latents, labels].map((input) => input.slice([3, 0], [2, -1]) as Tensor2D));
    const few = generator.generate(some[0]!, some[1]!);
    const difference = tf.tidy(() => all.slice([3, 0, 0, 0], [2, -1, -1, -1]).sub(few).abs().max());
    expect((await difference.data())[0]).toBeLessThan(1e-5);
    // The statistics were those of this very batch, so that training and sampling agree on it.
    const trained = tf.tidy(() => generator.train(latents, labels).sub(all).abs().max());
    expect((await trained.data())[0]).toBeLessThan(1e-5);
    // Other labels make other images.
    const others = tf.tidy(() => generator.generate(latents, labels.reverse(1)).sub(all).abs().mean());
    expect((await others.data())[0]).toBeGreaterThan(1e-3);
    tf.dispose([latents, labels, all, ...some, few, difference, trained, others]);
    generator.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes the statistics of a large batch in parts', async () => {
    const generator = bigGanGenerator({ width: 2, classes: 3, shape: { height: 8, width: 8, channels: 1 }, stream: stream() }); // prettier-ignore
    const { latents, labels } = drawInput(generator, labelsInTurn(420, 3), new SeededStream(2));
    generator.fixStatistics(latents, labels);
    const made = generator.generate(latents, labels);
    const trained = tf.tidy(() => generator.train(latents, labels));
    const difference = tf.tidy(() => made.sub(trained).abs().mean());
    // By the statistics of parts of 84 images, not by those of all: alike, and not the same.
    expect((await difference.data())[0]).toBeLessThan(0.02);
    expect((await difference.data())[0]).toBeGreaterThan(1e-7);
    tf.dispose([latents, labels, made, trained, difference]);
    generator.dispose();
  });

  it('refuses sides that are no multiples of 4', () => {
    const shape = { height: 30, width: 28, channels: 1 };
    expect(() => bigGanGenerator({ width: 4, classes: 3, shape, stream: stream() })).toThrow(
      'bigGanGenerator: image sides must be multiples of 4; got [30,28]',
    );
    expect(() => bigGanGenerator({ width: 0, classes: 3, shape: grey, stream: stream() })).toThrow(
      'bigGanGenerator: width is out of range; got 0, expected a whole number of at least 1',
    );
  });
});
