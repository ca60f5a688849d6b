import { beforeAll, describe, expect, it } from 'vitest';
import { takeImages, type LabeledImages } from '../../../../lib/core/images.js';
import { onProgress } from '../../../../lib/core/progress.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { batchNorm } from '../../../../lib/nn/classifiers/batch-norm.js';
import { classifierOf, type Classifier } from '../../../../lib/nn/classifiers/classifier.js';
import {
  fitClassifier,
  type ClassifierRecipe,
  type FitOptions,
} from '../../../../lib/nn/classifiers/fit-classifier.js';
import { learningRateAt } from '../../../../lib/nn/classifiers/learning-rate.js';
import { identity, inSequence, meanOverPositions, type Module } from '../../../../lib/nn/classifiers/module.js';
import { smallCnn } from '../../../../lib/nn/classifiers/small-cnn.js';
import type { TrainedClassifier } from '../../../../lib/nn/classifiers/trained-classifier.js';
import { wideResnet } from '../../../../lib/nn/classifiers/wide-resnet.js';
import { imageTensor, setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';

beforeAll(async () => void (await setupEngine()));

const shape = { height: 2, width: 2, channels: 1 };
const recipe: ClassifierRecipe = {
  optimizer: 'adam',
  schedule: { rate: 0.01, factor: 0.2, every: 20 },
  epochs: 2,
  batchSize: 4,
};
const options = (seed = 1): FitOptions => ({ stream: new SeededStream(seed), task: 'training' });

/** Six images of 2 x 2: two of class 0, four of class 1. */
const six: LabeledImages = {
  data: Uint8Array.from({ length: 24 }, (_, i) => (i * 37) % 256),
  labels: Uint8Array.from([0, 1, 1, 0, 1, 1]),
  count: 6,
  ...shape,
};

/** Logits that do not depend on the image: their gradient is softmax(logits) less the shares of the labels. */
const constantLogits: Module = {
  parameters: { logits: { shape: [2], initial: { law: 'constant', value: 0.5 } } },
  statistics: {},
  apply: (x, { weights }) => tf.zeros([x.shape[0]!, 2]).add(weights['logits']!),
};
const constant: Classifier = classifierOf({ name: 'constant', shape, classes: 2 }, identity, constantLogits);

/** PyTorch's SGD with momentum 0.9 and weight decay 5e-4, and the average, in doubles; batches of all six images. */
function simulated(epochs: number, rates: (epoch: number) => number): number[] {
  const shares = [2 / 6, 4 / 6];
  let [weights, average] = [
    [0.5, 0.5],
    [0.5, 0.5],
  ];
  let velocity = [0, 0];
  for (let k = 1; k <= epochs; k++) {
    const sum = weights!.reduce((total, value) => total + Math.exp(value), 0);
    const gradient = weights!.map((value, i) => Math.exp(value) / sum - shares[i]! + 5e-4 * value);
    velocity = velocity.map((value, i) => 0.9 * value + gradient[i]!);
    weights = weights!.map((value, i) => value - rates(k - 1) * velocity[i]!);
    const decay = Math.min(0.9999, (1 + k) / (10 + k));
    average = average!.map((value, i) => value - (1 - decay) * (value - weights![i]!));
  }
  return average!;
}

describe('learningRateAt', () => {
  it('falls as the protocol says', () => {
    const adam = { rate: 0.01, factor: 0.2, every: 20 };
    expect([0, 19, 20, 39, 40].map((epoch) => learningRateAt(adam, epoch).toPrecision(6))).toEqual(
      [0.01, 0.01, 0.002, 0.002, 0.0004].map((rate) => rate.toPrecision(6)),
    );
    const sgd = { rate: 0.1, factor: 0.2, every: 60 };
    expect([59, 60, 120, 180].map((epoch) => learningRateAt(sgd, epoch).toPrecision(6))).toEqual(
      [0.1, 0.02, 0.004, 0.0008].map((rate) => rate.toPrecision(6)),
    );
  });
});

describe('fitClassifier', () => {
  it.each([1, 2, 4])('takes the steps of SGD, schedule and average, a batch in %i parts', async (parts) => {
    const schedule = { rate: 0.1, factor: 0.2, every: 3 };
    const found: number[][] = [];
    const onEpoch: FitOptions['onEpoch'] = async ({ snapshot }) => {
      const now = snapshot();
      found.push([...(await now.weights.data())]);
      now.dispose();
    };
    const sgd = { optimizer: 'sgd', schedule, epochs: 7, batchSize: 6, parts } as const;
    const last = await fitClassifier(constant, six, sgd, { ...options(), onEpoch });
    for (const [epoch, weights] of found.entries())
      simulated(epoch + 1, (e) => learningRateAt(schedule, e)).forEach(
        (value, i) => expect(Math.abs(weights[i]! - value)).toBeLessThan(1e-6), // float32
      );
    expect([...(await last.weights.data())]).toEqual(found.at(-1));
    last.dispose();
  });

  it('gives the mean loss of an epoch, a smaller last batch by its share', async () => {
    // The rate is so small that the loss stays that of equal logits: ln 2.
    const losses: number[] = [];
    const still = { ...recipe, schedule: { rate: 1e-12, factor: 1, every: 1 } };
    const last = await fitClassifier(constant, six, still, {
      ...options(),
      onEpoch: ({ loss }) => void losses.push(loss),
    });
    last.dispose();
    for (const loss of losses) expect(Math.abs(loss - Math.log(2))).toBeLessThan(1e-6);
    expect(losses.length).toBe(2);
  });

  it("keeps running statistics with momentum 0.1 and unbiased variances, as PyTorch's", async () => {
    const network = classifierOf(
      { name: 'norm', shape, classes: 2, scaling: { mean: [0], deviation: [1] } },
      inSequence(batchNorm('norm', 1), meanOverPositions),
      { ...constantLogits, apply: (x, pass) => constantLogits.apply(x, pass).add(x) },
    );
    const last = await fitClassifier(network, six, { ...recipe, epochs: 3, batchSize: 6 }, options());
    const values = [...six.data].map((byte) => byte / 255);
    const mean = values.reduce((sum, value) => sum + value, 0) / 24;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 23;
    const kept = 0.9 ** 3;
    const [runningMean, runningVariance] = await last.statistics.data();
    expect(Math.abs(runningMean! - (1 - kept) * mean)).toBeLessThan(1e-6); // float32
    expect(Math.abs(runningVariance! - (kept + (1 - kept) * variance))).toBeLessThan(1e-6);
    last.dispose();
  });

  it('repeats by seed, dropout and order included', async () => {
    const network = wideResnet({
      shape: { ...shape, height: 4, width: 4 },
      classes: 2,
      depth: 10,
      widen: 1,
      base: 2,
      dropout: 0.3,
    });
    const images = { ...six, data: Uint8Array.from({ length: 96 }, (_, i) => (i * 29) % 256), height: 4, width: 4 };
    const weights = async (seed: number) => {
      const last = await fitClassifier(network, images, recipe, options(seed));
      const values = [...(await last.weights.data()), ...(await last.statistics.data())];
      last.dispose();
      return values;
    };
    const first = await weights(1);
    expect(await weights(1)).toEqual(first);
    expect(await weights(2)).not.toEqual(first);
  });

  it('hands out an epoch: predict as long as it lasts, a snapshot for good', async () => {
    const before = tf.memory().numTensors;
    const kept: TrainedClassifier[] = [];
    const predicted: Tensor[] = [];
    const network = smallCnn({ shape, classes: 2 });
    const last = await fitClassifier(
      network,
      six,
      { ...recipe, epochs: 3 },
      {
        ...options(),
        onEpoch: ({ predict, snapshot }) => {
          kept.push(snapshot());
          predicted.push(tf.tidy(() => predict(imageTensor(six))));
        },
      },
    );
    expect(tf.memory().numTensors).toBe(before + 3 * 2 + 3 + 2); // two vectors a snapshot, three predictions, the last
    for (const [epoch, classes] of predicted.entries()) {
      expect([classes.dtype, classes.shape]).toEqual(['int32', [6]]);
      const again = tf.tidy(() => kept[epoch]!.classes(imageTensor(six)));
      expect([...(await again.data())]).toEqual([...(await classes.data())]);
      again.dispose();
    }
    const all = await Promise.all(kept.map(async ({ weights }) => (await weights.data()).join()));
    expect(new Set(all).size).toBe(3);
    expect((await last.weights.data()).join()).toBe(all[2]);
    for (const each of [...kept, last]) each.dispose();
    tf.dispose(predicted);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('reports each step and stops when it is aborted, or when a callback fails, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const steps: number[] = [];
    const stop = onProgress(({ step, done }) => void (done || steps.push(step)));
    const network = smallCnn({ shape, classes: 2 });
    (await fitClassifier(network, six, recipe, options())).dispose();
    stop();
    expect(steps).toEqual([0, 1, 2, 3, 4]);
    const controller = new AbortController();
    const stopAborting = onProgress(({ step }) => step === 3 && controller.abort(new Error('enough')));
    await expect(fitClassifier(network, six, recipe, { ...options(), signal: controller.signal })).rejects.toThrow(
      'enough',
    );
    stopAborting();
    const onEpoch = () => Promise.reject(new Error('no room'));
    await expect(fitClassifier(network, six, recipe, { ...options(), onEpoch })).rejects.toThrow('no room');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses recipes out of range', async () => {
    const refused = (change: Partial<ClassifierRecipe>, images = six) =>
      expect(fitClassifier(constant, images, { ...recipe, ...change }, options())).rejects;
    await refused({ batchSize: 0 }).toThrow(
      'fitClassifier: batchSize is out of range; got 0, expected a whole number of at least 1.',
    );
    await refused({ parts: 0.5 }).toThrow(
      'fitClassifier: parts is out of range; got 0.5, expected a whole number of at least 1.',
    );
    await refused({ schedule: { rate: 0, factor: 0.2, every: 20 } }).toThrow(
      'fitClassifier: rate is out of range; got 0, expected a number above 0.',
    );
    await refused({}, takeImages(six, []) as LabeledImages).toThrow(
      'fitClassifier: images is out of range; got 0, expected a whole number of at least 1.',
    );
    await refused({}, { ...six, height: 1, width: 4 }).toThrow(
      "fitClassifier: the images have another shape than constant takes; got '[1, 4, 1]', expected [2, 2, 1].",
    );
  });
});
