import { beforeAll, describe, expect, it } from 'vitest';
import { revealForDisplay } from '../../../lib/core/diagnostic.js';
import { SeededStream } from '../../../lib/core/rng.js';
import { datasets } from '../../../lib/data/datasets.js';
import type { MetricContext } from '../../../lib/metrics/contract.js';
import type { FeatureExtractor } from '../../../lib/metrics/features/contract.js';
import { FeatureStore } from '../../../lib/metrics/features/feature-store.js';
import { inceptionScore, scoreOfLogits } from '../../../lib/metrics/inception-score.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

/** Of probabilities from float32 logits. */
const sixDecimals = 6;

const logits = (rows: readonly (readonly number[])[]) => ({
  rows: rows.length,
  size: 0,
  features: new Float32Array(0),
  classes: rows[0]?.length ?? 0,
  logits: Float32Array.from(rows.flat()),
});
const logs = (rows: readonly (readonly number[])[]) => rows.map((row) => row.map(Math.log));
const score = (rows: readonly (readonly number[])[], seed = 1) => scoreOfLogits(logits(rows), new SeededStream(seed));

describe('Inception score', () => {
  it.each([
    [
      'uniform probabilities',
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
      1,
    ],
    [
      'one image of each class',
      [
        [99, 0, 0],
        [0, 99, 0],
        [0, 0, 99],
      ],
      3,
    ],
    [
      'all images alike',
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      1,
    ],
    // np.exp(np.mean(np.sum(p * np.log(p / p.mean(0)), axis=1)))
    [
      'two images',
      logs([
        [0.9, 0.1],
        [0.1, 0.9],
      ]),
      1.444934811,
    ],
    [
      'four images',
      logs([
        [0.7, 0.2, 0.1],
        [0.2, 0.5, 0.3],
        [0.1, 0.1, 0.8],
        [0.25, 0.25, 0.5],
      ]),
      1.222235461,
    ],
  ] as const)('is that of the oracle: %s', async (_, rows, expected) => {
    // prettier-ignore
    const before = tf.memory().numTensors;
    expect((await score(rows)).value).toBeCloseTo(expected, sixDecimals);
    const shifted = rows.map((row) => row.map((value) => value + 1000));
    expect((await score(shifted)).value).toBeCloseTo(expected, 4); // float32 keeps fewer digits at 1000
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is between 1 and the number of classes, also in its extremes', async () => {
    const rows = Array.from({ length: 600 }, (_, i) => [0, 1, 2].map((k) => (k === i % 3 ? 1e4 : -1e4)));
    expect((await score(rows)).value).toBeCloseTo(3, sixDecimals);
  });

  it('has an interval that narrows with the images, by the seed', async () => {
    const stream = new SeededStream(3);
    const rows = Array.from({ length: 1600 }, () => [stream.normal(), stream.normal(), stream.normal()]);
    const [few, many] = [await score(rows.slice(0, 100)), await score(rows)];
    const width = ({ lower, upper }: { lower: number; upper: number }) => upper - lower;
    expect(width(many)).toBeGreaterThan(width(few) / 8);
    expect(width(many)).toBeLessThan(width(few) / 2); // a quarter, but for chance
    expect(many.lower).toBeLessThan(many.value);
    expect(many.upper).toBeGreaterThan(many.value);
    expect(await score(rows)).toEqual(many);
    expect(await score(rows, 2)).not.toEqual(many);
  });

  it('refuses logits that are missing or no numbers', async () => {
    await expect(score([])).rejects.toThrow('Inception score: no logits; got [0,0], expected rows and classes.');
    await expect(score([[1, NaN]])).rejects.toThrow(
      'Inception score: a logit is no number; got NaN, expected finite values.',
    );
  });

  it('says when the features have no classes, and when they are not the Inception network', async () => {
    const { images } = await datasets.loadPublic('mnist-10k');
    const dataset = await datasets.load('mnist-10k');
    const extractor: FeatureExtractor = {
      id: 'means',
      name: 'means (2 features)',
      size: 2,
      classes: 2,
      preprocessing: 'none',
      source: 'a test',
      accepts: () => true,
      open: async () => ({
        checksum: '00',
        async *batches({ count }) {
          const values = Float32Array.from({ length: 2 * count }, (_, i) => (i % 4 === 0 ? 60 : 0));
          yield { rows: count, features: values, logits: values };
        },
      }),
    };
    const context = (extractor: FeatureExtractor): MetricContext => {
      const features = new FeatureStore(extractor);
      return { synthetic: images, dataset, scale: 'smoke', seed: 0, features };
    };
    const { classes, ...headless } = extractor;
    expect(classes).toBe(2);
    expect(await inceptionScore.missing!(context(extractor))).toBeUndefined();
    expect(await inceptionScore.missing!(context(headless))).toBe(
      'the features means have no classes of their own; choose others (dp.features.names())',
    );
    const result = await inceptionScore.evaluate(context(extractor));
    // Half the images are sure of one class, half are not: mean probabilities 3/4 and 1/4.
    const exact = Math.exp(-0.5 * Math.log(2) - 0.75 * Math.log(0.75) - 0.25 * Math.log(0.25));
    expect(revealForDisplay(result.value)).toBeCloseTo(exact, sixDecimals);
    expect(result.notes).toEqual([
      'of the synthetic images alone: no private data were read',
      'between 1 and 2, the classes of means: no score of the Inception network',
    ]);
  });
});
