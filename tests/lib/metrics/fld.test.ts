import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../lib/core/rng.js';
import type { FeatureRows } from '../../../lib/metrics/features/feature-store.js';
import { MixtureFitting } from '../../../lib/metrics/fld-mixture.js';
import { likelihoodScores, standardised } from '../../../lib/metrics/fld.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';
import { featureRows, seededFeatures } from './seeded-features.js';

beforeAll(() => setupEngine());

/** Of likelihoods computed in float32, as the specification of the oracle allows. */
const float32Fit = 5e-3;
/** Of a mean of logarithms of about 20. */
const float32Rounding = 1e-4;
/** Relative, against the authors' library, which computes in float32. */
const onePercent = 0.01;

const stream = (seed = 1) => new SeededStream(seed);
const x = featureRows([[0, 0], [1, 0], [0, 1], [1, 1], [3, 3], [3, 4], [4, 3], [4, 4]]); // prettier-ignore
const y = featureRows([[0.5, 0.5], [0.2, 0.9], [1.1, 0.1], [3.5, 3.5], [3.2, 3.9], [4.1, 3.1]]); // prettier-ignore
const z = featureRows([[0.4, 0.6], [3.6, 3.4], [2, 2]]); // prettier-ignore

async function fitted<T>(work: (fitting: MixtureFitting) => Promise<T>): Promise<T> {
  const before = tf.memory().numTensors;
  const fitting = new MixtureFitting();
  const result = await work(fitting).finally(() => fitting.dispose());
  expect(tf.memory().numTensors).toBe(before);
  return result;
}

describe('mixture about feature rows', () => {
  it('has the likelihood of two unit Gaussians', async () => {
    const centres = featureRows([[0, 0], [2, 0]]); // prettier-ignore
    const mixture = { centres, logVariances: new Float64Array(2), backgroundLogVariance: 0, losses: [] };
    const value = await fitted((fitting) => fitting.negativeLogLikelihood(mixture, featureRows([[1, 0]])));
    expect(value).toBeCloseTo(1.168938533, 6); // (1/2 + ln 2 pi) / 2
  });

  it('fits variances as the oracle does in double precision', async () => {
    const [train, test, made] = standardised(y, [x, y, z]) as [FeatureRows, FeatureRows, FeatureRows];
    expect(train.features[0]).toBeCloseTo(-2.1 / 1.69351705, 6);
    expect(train.features[1]).toBeCloseTo(-2 / 1.68166584, 6);
    await fitted(async (fitting) => {
      const mixture = await fitting.fit(made, train, stream());
      expect(mixture.losses).toHaveLength(34);
      expect(Math.abs(mixture.losses[0]! - 0.61518)).toBeLessThan(float32Fit);
      expect(Math.abs(mixture.losses.at(-1)! - 0.557903)).toBeLessThan(float32Fit);
      const variances = [...mixture.logVariances, mixture.backgroundLogVariance];
      [-2.4355, -2.4355, -0.2034, -0.5431].forEach((expected, j) =>
        expect(Math.abs(variances[j]! - expected)).toBeLessThan(float32Fit),
      );
      expect(Math.abs((await fitting.negativeLogLikelihood(mixture, train)) - 0.71633)).toBeLessThan(float32Fit);
      expect(Math.abs((await fitting.negativeLogLikelihood(mixture, test)) - 0.4907)).toBeLessThan(float32Fit);
    });
  });

  it('calls copies of the training rows all but certain, and other rows impossible', async () => {
    const [train, test] = standardised(y, [x, y]) as [FeatureRows, FeatureRows];
    await fitted(async (fitting) => {
      const mixture = await fitting.fit(train, train, stream());
      expect(mixture.losses).toHaveLength(50);
      expect(Math.max(...mixture.logVariances)).toBeLessThan(-30);
      expect(Math.abs((await fitting.negativeLogLikelihood(mixture, train)) + 14.34)).toBeLessThan(0.05);
      expect(await fitting.negativeLogLikelihood(mixture, test)).toBeGreaterThan(1e9);
    });
    // The distance of a row to its copy is 0 to the last bit, or e^34 would show it: only the peak of its Gaussian counts.
    const many = seededFeatures(31, 300, 64, 30);
    await fitted(async (fitting) => {
      const mixture = await fitting.fit(many, many, stream());
      const mean = mixture.logVariances.reduce((sum, value) => sum + value / 300, 0);
      const peaks = (mean + Math.log(2 * Math.PI)) / 2 + Math.log(300) / 64;
      expect(mean).toBeLessThan(-30);
      expect(Math.abs((await fitting.negativeLogLikelihood(mixture, many)) - peaks)).toBeLessThan(float32Rounding);
    });
  });
});

interface Golden {
  readonly [number: string]: number;
}

describe('FLD', () => {
  const golden = JSON.parse(readFileSync(new URL('../../golden/fld.json', import.meta.url), 'utf8')) as Record<
    string,
    Golden
  >;

  it.each([
    ['shifted', seededFeatures(31, 900, 8), seededFeatures(32, 500, 8), seededFeatures(33, 400, 8, 0.5)],
    ['same', seededFeatures(31, 900, 8), seededFeatures(32, 500, 8), seededFeatures(34, 400, 8)],
    ['wide', seededFeatures(35, 400, 200), seededFeatures(36, 300, 200), seededFeatures(37, 300, 200, 0.2)],
  ])('is what its authors say, %s', async (name, train, test, made) => {
    const expected = golden[name]!;
    const [real, unseen, centres] = standardised(test, [train, test, made]) as [FeatureRows, FeatureRows, FeatureRows];
    await fitted(async (fitting) => {
      const mixture = await fitting.fit(centres, real, stream());
      const onTrain = await fitting.negativeLogLikelihood(mixture, real);
      const onTest = await fitting.negativeLogLikelihood(mixture, unseen);
      expect(Math.abs(onTrain / expected['nllTrain']! - 1)).toBeLessThan(onePercent);
      expect(Math.abs(onTest / expected['nllTest']! - 1)).toBeLessThan(onePercent);
      expect(Math.abs(mixture.losses.length - expected['passes']!)).toBeLessThanOrEqual(1);
      expect(Math.abs(mixture.backgroundLogVariance - expected['background']!)).toBeLessThan(onePercent);
    });
    // The baseline depends on a shuffle: means over as many shuffles, within three deviations of their difference.
    const ours: { train: number; test: number; gap: number }[] = [];
    for (let seed = 0; seed < 6; seed++) ours.push(await likelihoodScores(train, test, made, stream(seed)));
    for (const flavour of ['train', 'test', 'gap'] as const) {
      const mean = ours.reduce((sum, one) => sum + one[flavour] / 6, 0);
      const allowed = onePercent * Math.abs(expected[flavour]!) + 3 * expected['deviation']! * Math.sqrt(2 / 6);
      expect(Math.abs(mean - expected[flavour]!)).toBeLessThan(allowed);
    }
  });

  it('training likelihood praises copies of the training rows, test likelihood blames them', async () => {
    const [train, test] = [seededFeatures(31, 900, 8), seededFeatures(32, 500, 8)];
    const fresh = await likelihoodScores(train, test, seededFeatures(34, 900, 8), stream());
    const copied = await likelihoodScores(train, test, train, stream());
    expect(copied.train).toBeLessThan(fresh.train - 100);
    expect(copied.test).toBeGreaterThan(fresh.test + 100);
    expect(copied.gap).toBeLessThan(fresh.gap - 100);
    expect(Math.abs(fresh.gap)).toBeLessThan(20);
  });

  it('leaves out features that never vary among the test rows, repeats by the seed, and takes equal rows', async () => {
    const [train, test, made] = [seededFeatures(31, 90, 8), seededFeatures(32, 50, 8), seededFeatures(34, 40, 8)];
    const still = (rows: FeatureRows) => ({
      ...rows,
      features: rows.features.map((value, i) => (i % 8 === 3 ? 0.1 : value)),
    });
    const scores = await likelihoodScores(still(train), still(test), still(made), stream());
    expect(scores.features).toBe(7);
    expect(Number.isFinite(scores.train)).toBe(true);
    expect(await likelihoodScores(still(train), still(test), still(made), stream())).toEqual(scores);
    const equal = { ...made, features: new Float32Array(made.features.length).fill(0.5) };
    expect(Number.isFinite((await likelihoodScores(train, test, equal, stream())).test)).toBe(true);
  });

  it('refuses what it cannot compute, and stops when it is aborted', async () => {
    await expect(likelihoodScores(x, featureRows([[1, 2]]), z, stream())).rejects.toThrow(
      'FLD: too few test images; got 1, expected at least 2.',
    );
    await expect(
      likelihoodScores(
        x,
        featureRows([
          [1, 2],
          [1, 2],
        ]),
        z,
        stream(),
      ),
    ).rejects.toThrow(
      // prettier-ignore
      "FLD: no feature varies among the test images; got '2 features of 2 images', expected at least one that varies. " +
        'Choose other features (dp.features.names()).',
    );
    await expect(likelihoodScores(x, y, featureRows([[NaN, 2]]), stream())).rejects.toThrow(
      'FLD: a feature of the synthetic images is no number; got NaN, expected finite values.',
    );
    const before = tf.memory().numTensors;
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(likelihoodScores(x, y, z, stream(), stopped)).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  });
});
