import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { trainGenerator } from '../../../../lib/methods/embedding/train-generator.js';
import { GeneratorGradient } from '../../../../lib/nn/generators/generator-gradient.js';
import { SmallGenerator } from '../../../../lib/nn/generators/small-generator.js';
import { Sgd } from '../../../../lib/nn/sgd.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());
afterEach(() => void vi.restoreAllMocks());

const shape = { height: 4, width: 4, channels: 1 };

/** One step of SGD with rate 1 in so many splits: the parts that were computed, and the weights before and after. */
async function oneStep(batchSize: number, splits: number) {
  const owned: { dispose(): void }[] = [];
  const own = <T extends { dispose(): void }>(disposable: T): T => (owned.push(disposable), disposable);
  const generator = own(new SmallGenerator({ latentSize: 2, classes: 2, shape, stream: new SeededStream(1) }));
  const weights = () => generator.parameters['conv4']!.data() as Promise<Float32Array>;
  const at = vi.spyOn(GeneratorGradient.prototype, 'at');
  let gradients: Promise<Float32Array>[] = [];
  class Watched extends Sgd {
    override apply(mean: Readonly<Record<string, Tensor>>, rate: number): void {
      const parts = at.mock.results.map(({ value }) => value as ReturnType<GeneratorGradient['at']>);
      gradients = parts.map((part) => part.gradients['conv4']!.data() as Promise<Float32Array>);
      super.apply(mean, rate);
    }
  }
  const before = await weights();
  const options = {
    ...{ stage: 'private', task: 'training', steps: 1, batchSize, splits, classes: 2, constants: [] as Tensor[] },
    loss: (images: Tensor) => images.square().mean().asScalar(),
    learningRate: () => 1,
    optimizer: (parameters: SmallGenerator['parameters']) => new Watched(parameters),
  };
  await trainGenerator(generator, options, {
    ...{ own, stream: new SeededStream(2), facts: { name: 'toy', size: 8, classes: ['a', 'b'], shape } },
    checkpoint: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() },
    onSnapshot: () => Promise.resolve(),
  });
  const after = await weights();
  const sizes = at.mock.calls.map(([latents]) => latents.shape[0]);
  at.mockRestore();
  for (const each of owned) each.dispose();
  return { before, after, gradients: await Promise.all(gradients), sizes };
}

describe('trainGenerator', () => {
  it('follows the mean gradient of the splits of a batch, and leaves no tensor behind', async () => {
    await oneStep(12, 3); // what the engine keeps is there now
    const tensors = tf.memory().numTensors;
    const { before, after, gradients, sizes } = await oneStep(12, 3);
    expect(sizes).toEqual([4, 4, 4]);
    expect([...gradients[0]!]).not.toEqual([...gradients[1]!]); // each has latents of its own
    after.forEach((value, i) => {
      const mean = gradients.reduce((sum, gradient) => sum + gradient[i]! / 3, 0);
      expect(Math.abs(before[i]! - value - mean)).toBeLessThan(1e-6); // float32 weights below 1
    });
    expect(Math.max(...after.map((value, i) => Math.abs(value - before[i]!)))).toBeGreaterThan(1e-4);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('refuses splits without two images', async () => {
    await expect(oneStep(5, 3)).rejects.toThrow(
      'training: the batch is too small to hold two images of a class; got 5, expected batchSize of at least 6, two for each split',
    );
  });
});
