import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FeatureRows } from '../../../lib/metrics/features/feature-store.js';
import { factored, featureMoments, frechetDistance } from '../../../lib/metrics/frechet.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';
import { featureRows, seededFeatures } from './seeded-features.js';

beforeAll(() => setupEngine());

const moments = (rows: FeatureRows) => featureMoments(rows, 'synthetic');
const distance = async (a: FeatureRows, b: FeatureRows) => frechetDistance(await moments(a), await moments(b));

const golden = JSON.parse(readFileSync(new URL('../../golden/fid.json', import.meta.url), 'utf8')) as Record<
  string,
  number
>;
/** Relative, against SciPy's matrix root and NumPy's symmetric eigenvalues. */
const relative = 1e-6;
/** Features that are exact in float32, and printed digits of the oracle. */
const nineDecimals = 9;
/** Of features rounded to float32. */
const sixDecimals = 6;

const x = featureRows([[0, 0], [1, 0], [0, 1], [1, 1], [3, 3], [3, 4], [4, 3], [4, 4]]); // prettier-ignore
const y = featureRows([[0.5, 0.5], [0.2, 0.9], [1.1, 0.1], [3.5, 3.5], [3.2, 3.9], [4.1, 3.1]]); // prettier-ignore
const z = featureRows([[0.4, 0.6], [3.6, 3.4], [2, 2]]); // prettier-ignore

/** Every fifth feature is zero throughout. */
const dead = (rows: FeatureRows): FeatureRows => ({
  ...rows,
  features: rows.features.map((value, i) => ((i % rows.size) % 5 === 0 ? 0 : value)),
});

describe('Fréchet distance', () => {
  it('has the values of closed forms', async () => {
    // numpy/scipy: |m1 - m2|^2 + trace(c1 + c2 - 2 * scipy.linalg.sqrtm(c1 @ c2)) with np.cov(rows, rowvar=False)
    expect(await distance(x, y)).toBeCloseTo(0.01013158, sixDecimals);
    expect(await distance(x, z)).toBeCloseTo(0.348075983, sixDecimals);
    expect(await distance(x, x)).toBeCloseTo(0, nineDecimals);
    // N(0, 1) against N(3, 4): 9 + 1; and covariances [[2, 1], [1, 2]] against diag(1, 3): 8 - 2 sqrt 14.
    const normal = { rows: 100, size: 1, mean: Float64Array.of(0), covariance: Float64Array.of(1) };
    const wide = { rows: 100, size: 1, mean: Float64Array.of(3), covariance: Float64Array.of(4) };
    expect(await frechetDistance(normal, wide)).toBeCloseTo(10, nineDecimals);
    const mean = new Float64Array(2);
    const full = { rows: 100, size: 2, mean, covariance: Float64Array.of(2, 1, 1, 2) };
    const diagonal = { rows: 100, size: 2, mean, covariance: Float64Array.of(1, 0, 0, 3) };
    expect(await frechetDistance(full, diagonal)).toBeCloseTo(8 - 2 * Math.sqrt(14), nineDecimals);
  });

  it.each([
    ['sqrtm64', seededFeatures(1, 1000, 64), seededFeatures(2, 900, 64, 0.1)],
    ['sqrtm64AtOffset1000', seededFeatures(1, 1000, 64, 1000), seededFeatures(2, 900, 64, 1000.125)],
    ['sqrtm2048', seededFeatures(3, 2500, 2048), seededFeatures(4, 2400, 2048, 0.1)],
    ['fewRows64', seededFeatures(5, 40, 64), seededFeatures(6, 500, 64, 0.1)],
    ['bothFewRows64', seededFeatures(5, 40, 64), seededFeatures(6, 30, 64, 0.1)],
    ['deadInBoth64', dead(seededFeatures(7, 400, 64)), dead(seededFeatures(8, 500, 64, 0.1))],
    ['deadInOne64', dead(seededFeatures(7, 400, 64)), seededFeatures(8, 500, 64, 0.1)],
  ])('is what SciPy and NumPy say, %s', async (name, a, b) => {
    const before = tf.memory().numTensors;
    expect(Math.abs((await distance(a, b)) / golden[name]! - 1)).toBeLessThan(relative);
    expect(tf.memory().numTensors).toBe(before);
    if (name === 'sqrtm2048') return; // seconds, for nothing new
    const known = await frechetDistance(await moments(b), await factored(await moments(a)));
    expect(Math.abs(known / golden[name]! - 1)).toBeLessThan(relative);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is the squared shift when covariances are equal, whatever the offset of the features', async () => {
    const moved = (by: readonly number[]) => ({ ...x, features: x.features.map((value, i) => value + by[i % 2]!) });
    expect(await distance(moved([1000, 2000]), moved([1003, 1996]))).toBeCloseTo(25, sixDecimals);
  });

  it('does not depend on how rows fall into blocks, nor on a rotation', async () => {
    // 9,000 rows of 2,048 values are two blocks. Only the last column is not zero: it counts from 7.
    const features = new Float32Array(9000 * 2048);
    for (let row = 0; row < 9000; row++) features[row * 2048 + 2047] = row + 7;
    const { mean, covariance } = await moments({ ...x, features, rows: 9000, size: 2048 });
    expect(mean[2047]).toBeCloseTo(4506.5, sixDecimals);
    expect(covariance.at(-1)! / ((9000 * 9001) / 12)).toBeCloseTo(1, nineDecimals);
    const rotated = ({ features, ...rest }: FeatureRows) => ({
      ...rest,
      features: features.map((value, i) => (i % 2 === 0 ? 0.6 * value - 0.8 * features[i + 1]! : 0.6 * value + 0.8 * features[i - 1]!)), // prettier-ignore
    });
    expect(await distance(rotated(x), rotated(z))).toBeCloseTo(await distance(x, z), sixDecimals);
  });

  it('takes sets whose rows are all equal: what is left are the shift and the other covariance', async () => {
    const equal = featureRows(Array.from({ length: 5 }, () => [1, 1]));
    expect(await distance(equal, x)).toBeCloseTo(2 + 2 * (20 / 7), sixDecimals); // x has mean (2, 2), variances 20 / 7
    expect(await distance(x, equal)).toBeCloseTo(2 + 2 * (20 / 7), sixDecimals);
    expect(await distance(equal, equal)).toBeCloseTo(0, nineDecimals);
  });

  it('refuses sizes that differ, sets that are too small and features that are no numbers', async () => {
    await expect(distance(x, featureRows([[1], [2]]))).rejects.toThrow('sizes differ; got [2,1]');
    await expect(distance(x, featureRows([[1, 2]]))).rejects.toThrow(
      'Fréchet distance: too few synthetic images; got 1, expected at least 2.',
    );
    await expect(
      distance(
        x,
        featureRows([
          [1, 2],
          [NaN, 1],
        ]),
      ),
    ).rejects.toThrow(
      // prettier-ignore
      'Fréchet distance: a feature of the synthetic images is no number; got NaN, expected finite values. ' +
        'Look at the images and at the weights of the feature extractor.',
    );
  });
});
