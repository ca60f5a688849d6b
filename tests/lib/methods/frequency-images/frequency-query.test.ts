import { beforeAll, describe, expect, it } from 'vitest';
import { parameterValues } from '../../../../lib/core/options.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { labelSums } from '../../../../lib/mechanisms/label-sums.js';
import { embeddingDistance } from '../../../../lib/methods/embedding/embedding-distance.js';
import { drawFrequencies, fourierFeatures } from '../../../../lib/methods/embedding/fourier-features.js';
import {
  balancedEmbedding,
  frequencyQuery,
  spendsOnFrequencies,
} from '../../../../lib/methods/frequency-images/frequency-query.js';
import { frequencyParameters } from '../../../../lib/methods/frequency-images/parameters.js';
import {
  imageTensor,
  setupEngine,
  tf,
  type Scalar,
  type Tensor2D,
  type Tensor4D,
} from '../../../../lib/tensor/index.js';
import { largestChange, negligible, toyFacts } from '../embedding/neighbours.js';

beforeAll(() => setupEngine());

const paramsOf = (masses: 'noisy' | 'equal', given: object = {}) =>
  parameterValues('frequencies', frequencyParameters, 'smoke', { frequencyMasses: masses, ...given });
const { shape } = toyFacts;
const frequencies = () => drawFrequencies(toyFacts, 40, 1, new SeededStream(2));

describe('the embedding by frequency features', { timeout: 60_000 }, () => {
  it.each([
    ['equal', 1],
    ['noisy', Math.hypot(1, 0.25)],
  ] as const)('%s masses: no pair of 1,000 neighbours is farther apart than planned', async (masses, norm) => {
    const waves = frequencies();
    const params = paramsOf(masses, { frequencyNoiseMultiplier: negligible });
    const plan = spendsOnFrequencies(params, toyFacts);
    expect(plan.sensitivity).toBeCloseTo(norm / 8, 12);
    const change = await largestChange(1000, plan, async (mechanisms) => {
      return (await mechanisms.labelMeans('frequency features', frequencyQuery(params, waves))).value;
    });
    expect(change).toBeLessThanOrEqual(1 + 1e-4);
    expect(change).toBeGreaterThan(0.999); // every record has that norm
    waves.dispose();
  });

  it('changes by norm 1 in the column of the record that is added, and in no other', async () => {
    const waves = frequencies();
    const stream = new SeededStream(3);
    const data = Uint8Array.from({ length: 30 }, () => stream.integer(256));
    const rows = { data, labels: Uint8Array.of(0, 1, 0, 0, 2), count: 5, ...shape };
    const query = frequencyQuery(paramsOf('equal'), waves);
    const [all, fewer] = [
      await labelSums(rows, 3, query),
      await labelSums({ ...rows, data: data.subarray(0, 24), labels: rows.labels.subarray(0, 4), count: 4 }, 3, query),
    ];
    const change = (label: number) =>
      Math.hypot(...Array.from(all, (value, i) => (i % 3 === label ? value - fewer[i]! : 0)));
    expect([change(0), change(1)]).toEqual([0, 0]);
    expect(change(2)).toBeCloseTo(1, 5);
    waves.dispose();
  });

  it('has noise of the stated multiplier over N, or of so much of the free one', () => {
    const fixed = spendsOnFrequencies(paramsOf('equal', { frequencyNoiseMultiplier: 7.4 }), {
      ...toyFacts,
      size: 55000,
    });
    expect([fixed.noise, fixed.noiseMultiplier(2) * fixed.sensitivity]).toEqual(['fixed', 7.4 / 55000]);
    const following = spendsOnFrequencies(paramsOf('equal', { frequencyNoise: 'by-budget' }), toyFacts);
    expect([following.noise, following.noiseMultiplier(0.5)]).toEqual(['calibrated', 10]);
  });
});

describe('balancedEmbedding', () => {
  it('gives each class the same share, whatever its part of the records, and a class without records none', async () => {
    const waves = frequencies();
    const stream = new SeededStream(4);
    const data = Uint8Array.from({ length: 60 }, () => stream.integer(256));
    // Eight of the first class, two of the second, none of the third.
    const rows = { data, labels: Uint8Array.from({ length: 10 }, (_, i) => (i < 8 ? 0 : 1)), count: 10, ...shape };
    const params = paramsOf('noisy');
    const means = Float32Array.from(await labelSums(rows, 3, frequencyQuery(params, waves)), (value) => value / 10);
    const [balanced, expected] = tf.tidy(() => {
      const features = fourierFeatures(imageTensor(rows), waves);
      const of = (start: number, count: number) => features.slice([start, 0], [count, -1]).mean(0).div(3);
      return [balancedEmbedding(means, params, 3), tf.stack([of(0, 8), of(8, 2), tf.zerosLike(of(0, 1))], 1)] as const;
    });
    const apart = tf.tidy(() => balanced.sub(expected).abs().max());
    expect((await apart.data())[0]).toBeLessThan(1e-5);
    expect(balanced.shape).toEqual([40, 3]);
    const untouched = balancedEmbedding(means, paramsOf('equal'), 3);
    expect([...(await untouched.data())]).toEqual([...means]);
    tf.dispose([balanced, expected, apart, untouched, waves]);
  });

  it('keeps the noise of a class without records as small as ten times an equal share allows', async () => {
    const noise = Float32Array.from({ length: 41 * 2 }, (_, i) => (i % 2 === 0 ? 0.05 : i === 81 ? 1e-9 : 0.001));
    const balanced = balancedEmbedding(noise, paramsOf('noisy'), 2);
    const values = await balanced.data();
    values.forEach((value, i) => i % 2 === 1 && expect(value).toBeCloseTo(0.001 / (0.05 * 2), 6));
    balanced.dispose();
  });
});

it('is the best that a generator can do: the expected gradient is 0 where its images are the records', async () => {
  const waves = frequencies();
  const stream = new SeededStream(5);
  const images = tf.tensor4d(
    Array.from({ length: 4 * 6 }, () => stream.uniform()),
    [4, 2, 3, 1],
  ); // [two of each of two classes, 2, 3, 1]
  const labels = tf.tensor2d([1, 0, 1, 0, 0, 1, 0, 1], [4, 2]);
  const target = tf.tidy(() => tf.matMul(fourierFeatures(images, waves), labels.div(4), true) as Tensor2D);
  // All 16 batches of two images a class are equally likely: the mean over them is the expectation.
  const expected = (made: Tensor4D): Scalar => {
    const features = fourierFeatures(made, waves);
    const losses: Scalar[] = [];
    for (const a of [0, 1])
      for (const b of [0, 1])
        for (const c of [2, 3])
          for (const d of [2, 3])
            losses.push(embeddingDistance(features.gather<Tensor2D>([a, b, c, d]), labels, target, 2));
    return tf.addN(losses).div(16);
  };
  const gradientAt = async (made: Tensor4D) => {
    const size = tf.tidy(() =>
      tf
        .grad((x) => expected(x as Tensor4D))(made)
        .square()
        .sum()
        .sqrt(),
    );
    const [value] = await size.data();
    size.dispose();
    return value!;
  };
  const shifted = images.add<Tensor4D>(0.2);
  expect(await gradientAt(images)).toBeLessThan(1e-6);
  expect(await gradientAt(shifted)).toBeGreaterThan(1e-2);
  tf.dispose([images, labels, target, shifted, waves]);
});
