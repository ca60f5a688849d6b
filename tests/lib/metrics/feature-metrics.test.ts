import { beforeAll, describe, expect, it } from 'vitest';
import { revealForDisplay } from '../../../lib/core/diagnostic.js';
import { evenLabels, type LabeledImages } from '../../../lib/core/images.js';
import type { Scale } from '../../../lib/core/options.js';
import type { MetricResult } from '../../../lib/core/results.js';
import { SeededStream } from '../../../lib/core/rng.js';
import type { Dataset } from '../../../lib/data/contract.js';
import { Sensitive } from '../../../lib/mechanisms/index.js';
import type { FeatureExtractor } from '../../../lib/metrics/features/contract.js';
import { FeatureStore } from '../../../lib/metrics/features/feature-store.js';
import { fid, frechetToSensitive } from '../../../lib/metrics/fid.js';
import { fld } from '../../../lib/metrics/fld.js';
import { kid } from '../../../lib/metrics/kid.js';
import { precision } from '../../../lib/metrics/precision.js';
import { recall } from '../../../lib/metrics/recall.js';
import { setupEngine } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

/** Images of two pixels whose features are their bytes: what a metric says of them can be worked out. */
const bytes: FeatureExtractor = {
  id: 'bytes',
  name: 'bytes (2 features)',
  size: 2,
  preprocessing: 'none',
  source: 'a test',
  accepts: () => true,
  open: async () => ({
    checksum: '00',
    async *batches({ data, count }) {
      yield { rows: count, features: Float32Array.from(data) };
    },
  }),
};

function cloud(count: number, seed: number, shift = 0): LabeledImages {
  const stream = new SeededStream(seed);
  const data = Uint8Array.from({ length: 2 * count }, () =>
    Math.min(255, 100 + shift + Math.round(20 * stream.normal())),
  );
  return { data, labels: evenLabels(count, 2), count, height: 1, width: 2, channels: 1 };
}

function datasetOf(train: LabeledImages, test: LabeledImages): Dataset {
  const seal = (rows: LabeledImages, part: string) =>
    Sensitive.seal(rows, { name: `clouds, ${part}`, size: rows.count, classes: ['a', 'b'], shape: rows });
  return { name: 'clouds', classes: ['a', 'b'], shape: train, train: seal(train, 'training images'), test: seal(test, 'test images') } as unknown as Dataset; // prettier-ignore
}

const dataset = datasetOf(cloud(3000, 1), cloud(1000, 2));
const score = (metric: typeof fid | typeof kid | typeof precision | typeof recall | typeof fld, synthetic: LabeledImages, scale: Scale = 'laptop') =>
  metric.evaluate({ synthetic, dataset, scale, seed: 0, features: new FeatureStore(bytes) }); // prettier-ignore
const shown = ({ value, interval }: MetricResult) =>
  [value, interval!.lower, interval!.upper].map(revealForDisplay) as [number, number, number];

describe('FID as a metric', () => {
  it('is the squared shift of clouds, within its interval, with the names of its features', async () => {
    const result = await score(fid, cloud(2500, 3, 10));
    const [value, lower, upper] = shown(result);
    // Over the synthetic images each mean varies by 20 / 2500^(1/2) and enters as 2 · 10 times that; there are two.
    const halfWidth = 1.96 * 20 * (20 / Math.sqrt(2500)) * Math.SQRT2;
    expect((upper - lower) / (2 * halfWidth)).toBeGreaterThan(0.75);
    expect((upper - lower) / (2 * halfWidth)).toBeLessThan(1.25);
    expect(lower).toBeLessThan(value);
    expect(upper).toBeGreaterThan(value);
    expect(Math.abs(value - 200)).toBeLessThan(45);
    expect(result).toMatchObject({ features: 'bytes (2 features)', samples: 2500, notes: [] });
    expect(result.extractor).toEqual({ name: 'bytes (2 features)', checksum: '00', preprocessing: 'none' });
    expect(result.interval).toMatchObject({ level: 0.95, over: 'bootstrap over the synthetic images, 100 draws' });
    expect(result.value.of).toBe('FID against clouds, training images');
  });

  it('says when images are few, and when a covariance is singular', async () => {
    const { notes, value } = await score(fid, cloud(2, 3));
    expect(notes).toEqual([
      'only 2 images: too high by an unknown amount (2000 or more advised)',
      'the covariance of the synthetic images is singular: 2 images for 2 features',
    ]);
    expect(Number.isFinite(revealForDisplay(value))).toBe(true);
  });

  it('scores 50,000 images at paper scale, drawn by the seed, as the reference does', async () => {
    const result = await score(fid, cloud(50_010, 3), 'paper');
    expect(result.samples).toBe(50_000);
    expect(result.notes).toEqual(['50000 of 50010 synthetic images, drawn by the seed']);
  });

  it('gives the same value as the curve of a run', async () => {
    const synthetic = cloud(2500, 3, 10);
    const features = new FeatureStore(bytes);
    const alone = await frechetToSensitive(synthetic, dataset.train, features);
    expect(revealForDisplay(alone)).toBe(shown(await score(fid, synthetic))[0]);
  });

  it('refuses one image', async () => {
    await expect(score(fid, cloud(1, 3))).rejects.toThrow('Fréchet distance: too few synthetic images; got 1');
  });
});

describe('the other metrics of features', () => {
  it('KID is in subsets from 1,000 images on, and one estimate below', async () => {
    const [many, few] = [await score(kid, cloud(1000, 4)), await score(kid, cloud(999, 4))];
    expect(many.interval!.over).toBe('100 subsets of 1000 images');
    expect(many.notes[0]).toBe('mean over 100 subsets of 1000; the interval is that of one subset, wider than the mean\'s'); // prettier-ignore
    expect(few.interval!.over).toBe('jackknife over the synthetic images');
    expect(few.notes[0]).toBe('one estimate: fewer than 1000 images (at most 5000 real ones)');
    for (const result of [many, few]) {
      const [value, lower, upper] = shown(result);
      expect(lower).toBeLessThan(value);
      expect(upper).toBeGreaterThan(value);
    }
  });

  it('precision and recall of images like the real ones are near 1, of others 0', async () => {
    for (const metric of [precision, recall]) {
      expect(revealForDisplay((await score(metric, cloud(3000, 5))).value)).toBeGreaterThan(0.5);
      expect(revealForDisplay((await score(metric, cloud(3000, 5, 110))).value)).toBeLessThan(0.02);
      await expect(score(metric, cloud(0, 5))).rejects.toThrow('too few');
    }
    await expect(score(recall, cloud(3, 5))).rejects.toThrow(
      'manifold of images: too few synthetic images; got 3, expected at least 4.',
    );
  });

  it('FLD names its flavours and says what it left out', async () => {
    const { value, parts, notes, samples } = await score(fld, cloud(2100, 6));
    expect(parts!.map(({ name }) => name)).toEqual([
      'train (likelihood of training images)',
      'test (likelihood of test images)',
      'gap (train less test)',
      'features that vary among the test images',
    ]);
    const [train, test, gap, count] = parts!.map(({ value }) => revealForDisplay(value));
    expect(train).toBe(revealForDisplay(value));
    expect(gap).toBeCloseTo(train! - test!, 9);
    expect(count).toBe(2);
    expect(samples).toBe(2000);
    expect(notes[1]).toBe(
      'scale laptop: 2000 of 2100 synthetic and 3000 of 3000 training images, drawn by the seed; ' +
        'not to be compared with scores of other numbers',
    );
    expect((await score(fld, cloud(100, 6))).notes).toHaveLength(1);
  });
});
