import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { SmallGenerator } from '../../../../lib/nn/generators/small-generator.js';
import { setupEngine, tf, type Tensor2D } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

describe('SmallGenerator', () => {
  const options = { latentSize: 5, classes: 3, shape: { height: 8, width: 12, channels: 3 } };
  const inputs = (count: number) => {
    const latents = new Float32Array(count * 5);
    new SeededStream(2).fillNormal(latents);
    const oneHot = Array.from({ length: count * 3 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0));
    return { latents: tf.tensor2d(latents, [count, 5]), labels: tf.tensor2d(oneHot, [count, 3]) };
  };

  it('makes images in [0, 1] of the shape asked for', async () => {
    const generator = new SmallGenerator({ ...options, stream: new SeededStream(1) });
    const { latents, labels } = inputs(6);
    const images = generator.train(latents, labels);
    expect(images.shape).toEqual([6, 8, 12, 3]);
    for (const value of await images.data()) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    }
    tf.dispose([images, latents, labels]);
    generator.dispose();
  });

  it('samples each image by its own latent once the statistics are fixed, and leaves nothing behind', async () => {
    const before = tf.memory().numTensors;
    const generator = new SmallGenerator({ ...options, stream: new SeededStream(1) });
    const { latents, labels } = inputs(12);
    generator.fixStatistics(latents, labels);
    const all = tf.tidy(() => generator.generate(latents, labels));
    const some = tf.tidy(() => [latents, labels].map((input) => input.slice([3, 0], [2, -1]) as Tensor2D));
    const few = tf.tidy(() => generator.generate(some[0]!, some[1]!));
    const difference = tf.tidy(() => all.slice([3, 0, 0, 0], [2, -1, -1, -1]).sub(few).abs().max());
    expect((await difference.data())[0]).toBeLessThan(1e-6);
    // The statistics were those of this very batch, so that training and sampling agree on it.
    const trained = tf.tidy(() => generator.train(latents, labels).sub(all).abs().max());
    expect((await trained.data())[0]).toBeLessThan(1e-5);
    tf.dispose([latents, labels, all, ...some, few, difference, trained]);
    generator.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
