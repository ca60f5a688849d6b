import { beforeAll, describe, expect, it } from 'vitest';
import { gaussianEvent } from '../../lib/core/events.js';
import { parameterValues } from '../../lib/core/options.js';
import { SeededStream } from '../../lib/core/rng.js';
import type { Mechanisms } from '../../lib/mechanisms/index.js';
import { Released } from '../../lib/mechanisms/released.js';
import type { AnyMethod, FitContext } from '../../lib/methods/contract.js';
import { dpKernel } from '../../lib/methods/dp-kernel.js';
import { trainedHere } from '../../lib/methods/pretraining/trained-here.js';
import { dpMerf } from '../../lib/methods/dp-merf.js';
import { dpNtk } from '../../lib/methods/dp-ntk.js';
import { embeddingDistance } from '../../lib/methods/embedding/embedding-distance.js';
import { setupEngine, tf, type Tensor, type Tensor2D } from '../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const classes = ['a', 'b'];

/** A vector of noise of deviation `scale`. */
function noise(length: number, scale: number, seed: number): Float32Array {
  const values = new Float32Array(length);
  new SeededStream(seed).fillNormal(values, scale);
  return values;
}

type NoisyLoss = (features: Tensor2D, labels: Tensor2D, mean: Tensor2D, noise: Tensor2D) => Tensor;

/** The check: what a generator follows is turned by the noise, not only made longer or shorter. */
async function noiseTurnsTheGradient(loss: NoisyLoss): Promise<boolean> {
  const features = tf.tensor2d(noise(6 * 20, 1, 1), [6, 20]);
  const labels = tf.tensor2d([1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1], [6, 2]);
  const mean = tf.tensor2d(noise(40, 0.3, 2), [20, 2]);
  const gradient = (scale: number) => {
    const drawn = tf.tensor2d(noise(40, scale, 3), [20, 2]);
    return tf.grad((x) => loss(x as Tensor2D, labels, mean, drawn))(features);
  };
  const clean = gradient(0);
  const cosine = async (scale: number) => {
    const noisy = gradient(scale);
    return Math.abs((await clean.mul(noisy).sum().div(clean.norm().mul(noisy.norm())).data())[0]!);
  };
  return (
    (await cosine(0.1)) > (await cosine(1)) && (await cosine(1)) > (await cosine(100)) && (await cosine(100)) < 0.9
  );
}

describe('pitfall 14: release, then train', () => {
  it('holds for the distance to what was released: the more noise, the less of the data in its gradient', async () => {
    const loss: NoisyLoss = (x, labels, mean, drawn) => embeddingDistance(x, labels, mean.add(drawn), 2);
    expect(await noiseTurnsTheGradient(loss)).toBe(true);
  });

  it('fails for the mutation that adds the noise to the loss, of which only the gradient is used', async () => {
    const constant = (drawn: Tensor2D) => drawn.sum();
    const mutant: NoisyLoss = (x, labels, mean, drawn) => embeddingDistance(x, labels, mean, 2).add(constant(drawn));
    expect(await noiseTurnsTheGradient(mutant)).toBe(false);
    // As the reference has it: the square of a noisy loss, whose gradient is that of the loss times a number.
    const squared: NoisyLoss = (...all) => mutant(...all).square();
    expect(await noiseTurnsTheGradient(squared)).toBe(false);
  });

  describe.each<AnyMethod>([dpMerf, dpNtk, dpKernel])('$id', (method) => {
    /** A run from mechanisms that hold no rows at all, only what they release; the images and how often it asked. */
    async function fitted(seed: number) {
      const owned: { dispose(): void }[] = [];
      let asked = 0;
      const release = (_of: string, { dimension }: { dimension: number }) => {
        asked++;
        const origin = {
          of: 'x',
          event: gaussianEvent(1),
          relation: 'add-or-remove-one',
          runEnded: () => false,
        } as const;
        return Promise.resolve(new Released(noise(2 * dimension, 0.1, seed), origin));
      };
      const checkpoint = { load: () => Promise.resolve(undefined), save: () => Promise.resolve() };
      const context: FitContext<unknown> = {
        mechanisms: { labelMeans: release, averageOfSampledLabelMeans: release } as unknown as Mechanisms,
        facts: { name: 'toy', size: 100, classes, shape: { height: 4, width: 4, channels: 1 } },
        params: parameterValues(method.id, method.params, 'smoke', { steps: 5, batchSize: 8 }),
        stream: new SeededStream(1),
        ...{ checkpoint, pretrained: trainedHere(checkpoint), onStage: () => Promise.resolve() },
        own: (disposable) => (owned.push(disposable), disposable),
        onSnapshot: () => Promise.resolve(),
      };
      const model = await (method as { fit(context: FitContext<unknown>): ReturnType<AnyMethod['fit']> }).fit(context);
      const { data } = await model.sample(Uint8Array.of(0, 1, 0, 1), new SeededStream(2));
      for (const each of owned) each.dispose();
      return { data, asked };
    }

    it('needs one release and no rows to train, and follows what was released', async () => {
      const [first, again, other] = [await fitted(1), await fitted(1), await fitted(2)];
      expect(first.asked).toBe(1);
      expect(again.data).toEqual(first.data);
      expect(other.data).not.toEqual(first.data);
    });
  });
});
