import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../lib/bench/run.js';
import { SeededStream } from '../../../lib/core/rng.js';
import { labelSums } from '../../../lib/mechanisms/label-sums.js';
import { drawFrequencies, fourierFeatures } from '../../../lib/methods/embedding/fourier-features.js';
import { embeddingDistance } from '../../../lib/methods/embedding/embedding-distance.js';
import { SmallGenerator } from '../../../lib/nn/generators/small-generator.js';
import { parameterCount } from '../../../lib/nn/parameters.js';
import { setupEngine, tf, type Tensor2D, type Tensor4D } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

/** float32 cosines. */
const sixDecimals = 6;
const points = (rows: number[][]): Tensor4D => tf.tensor4d(rows.flat(), [rows.length, 1, 2, 1]);
const frequencies = (): Tensor2D => tf.tensor2d([1, 0, 0, 2], [2, 2]);

describe('DP-MERF', () => {
  it('has the features of the closed form', async () => {
    const { PI } = Math;
    // By hand: [cos x1, cos 2 x2, sin x1, sin 2 x2] / sqrt 2.
    const features = fourierFeatures(
      points([
        [0, 0],
        [PI / 2, PI / 4],
        [PI, PI / 2],
        [0.3, 0.5],
      ]),
      frequencies(),
    );
    const half = Math.SQRT1_2;
    const expected = [half, half, 0, 0, 0, 0, half, half, -half, -half, 0, 0, 0.675525, 0.382051, 0.208964, 0.59501];
    const values = await features.data();
    expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, sixDecimals - 1));
  });

  it(
    'releases the mean embedding with sensitivity 1 / N: no pair of 1,000 neighbours is farther apart',
    { timeout: 60_000 },
    async () => {
      // Two records of 1 x 2 pixels; removing one changes the sum by a vector of norm 1 at most, replacing by 2 at most.
      const query = {
        features: (images: Tensor4D) => fourierFeatures(images, frequencies()),
        dimension: 4,
        clipNorm: 1,
      };
      const stream = new SeededStream(9);
      let largest = 0;
      for (let trial = 0; trial < 1000; trial++) {
        // Any images; every third time the record that goes is black, white or like all others.
        const value = trial % 3 === 0 ? [0, 255, 77][(trial / 3) % 3]! : undefined;
        const data = Uint8Array.from({ length: 8 }, (_, i) =>
          value !== undefined && i < 2 ? value : stream.integer(256),
        );
        if (value === 77) data.fill(77);
        const labels = Uint8Array.from({ length: 4 }, () => stream.integer(3));
        const rows = { data, labels, count: 4, height: 1, width: 2, channels: 1 };
        const fewer = { ...rows, data: data.subarray(2), labels: labels.subarray(1), count: 3 };
        const [all, without] = [await labelSums(rows, 3, query), await labelSums(fewer, 3, query)];
        const change = Math.hypot(...all.map((value, i) => value - without[i]!));
        expect(change).toBeLessThanOrEqual(1 + 1e-6);
        largest = Math.max(largest, change);
      }
      expect(largest).toBeGreaterThan(0.999); // the bound is tight: features have norm 1
    },
  );

  it('estimates the distance of embeddings without bias', async () => {
    const { PI } = Math;
    const [a, b, c, d] = [
      [0, 0],
      [PI / 2, PI / 4],
      [0.3, 0.5],
      [1, 0.2],
    ] as [number[], number[], number[], number[]];
    // A generator that makes a or b of class 0 and c or d of class 1, each half of the time; a target far from it.
    const target = tf.tensor2d([0.2, 0.1, 0, -0.1, 0.3, 0.2, 0.1, 0], [4, 2]);
    const embed = (rows: number[][]) => fourierFeatures(points(rows), frequencies()).mean(0).div(2); // [features]
    const truth = tf
      .stack([embed([a, b]), embed([c, d])], 1)
      .sub(target)
      .square()
      .sum();
    // All 16 batches of two images a class are equally likely: the mean over them is the expectation.
    const labels = tf.tensor2d([1, 0, 1, 0, 0, 1, 0, 1], [4, 2]);
    let mean = 0;
    for (const first of [a, b])
      for (const second of [a, b])
        for (const third of [c, d])
          for (const fourth of [c, d]) {
            const batch = points([first, second, third, fourth]);
            mean += (await embeddingDistance(fourierFeatures(batch, frequencies()), labels, target, 2).data())[0]! / 16;
          }
    expect(mean).toBeCloseTo((await truth.data())[0]!, sixDecimals);
  });

  it('refuses a batch without two images', async () => {
    const options = { method: 'dp-merf', dataset: 'mnist-10k', epsilon: 1, scale: 'smoke' } as const;
    await expect(run({ ...options, params: { batchSize: 1 } })).rejects.toThrow(
      'training the generator: the batch is too small to hold two images of a class; got 1, expected batchSize of at least 2',
    );
  });

  it('stands for the Gaussian kernel', async () => {
    // exp(-|x - y|^2 / (2 * 105)) at |x - y|^2 = 105 is exp(-1/2); 5,000 frequencies leave a deviation of 0.0063.
    const drawn = drawFrequencies({ shape: { height: 1, width: 105, channels: 1 } }, 10_000, 105, new SeededStream(1));
    const features = fourierFeatures(tf.concat([tf.zeros([1, 1, 105, 1]), tf.ones([1, 1, 105, 1])]), drawn);
    const [kernel] = await tf
      .matMul(features.slice([0, 0], [1, -1]), features.slice([1, 0], [1, -1]), false, true)
      .data();
    expect(Math.abs(kernel! - Math.exp(-0.5))).toBeLessThan(4 * 0.0063);
  });

  it('trains a generator of the stated size', () => {
    const shape = { height: 28, width: 28, channels: 1 };
    const generator = new SmallGenerator({ latentSize: 5, classes: 10, shape, stream: new SeededStream(0) });
    expect(parameterCount(generator.parameters)).toBe(166_161); // counted by hand in the specification
    generator.dispose();
    const odd = {
      latentSize: 5,
      classes: 10,
      shape: { height: 30, width: 28, channels: 1 },
      stream: new SeededStream(0),
    };
    expect(() => new SmallGenerator(odd)).toThrow('image sides must be multiples of 4; got [30,28]');
  });
});
