import { beforeAll, expect, it } from 'vitest';
import { accuracy } from '../../../lib/metrics/accuracy.js';
import { features } from '../../../lib/metrics/features/extractors.js';
import { FeatureStore } from '../../../lib/metrics/features/feature-store.js';
import { setupEngine } from '../../../lib/tensor/index.js';
import { datasetOf, shape, twoShades } from './utility/two-shades.js';

beforeAll(() => setupEngine());

it('is the mean over classifiers, and the best of them only in the biased selection', async () => {
  const dataset = datasetOf({ test: twoShades(150, 3, 0.2) });
  const store = new FeatureStore(features.forShape(shape));
  const about = { synthetic: twoShades(60, 2, 0.1), dataset, scale: 'laptop', seed: 0, features: store } as const;
  for (const selection of ['synthetic', 'reference'] as const) {
    const result = await accuracy.evaluate({ ...about, selection });
    const { value, parts } = JSON.parse(JSON.stringify(result)) as {
      value: number;
      parts: { name: string; value: number }[];
    };
    expect(parts.map(({ name }) => name)).toEqual([
      ...['small-cnn', 'resnet', 'wrn', 'resnext', 'standard deviation over classifiers'],
      'best of 4, chosen on the test set (biased)',
    ]);
    const each = parts.slice(0, 4).map((part) => part.value);
    expect(new Set(each).size).toBeGreaterThan(1);
    const expected = selection === 'reference' ? Math.max(...each) : each.reduce((sum, one) => sum + one) / 4;
    expect(value).toBeCloseTo(expected, 9);
    expect(parts[5]!.value).toBe(Math.max(...each));
    expect(result.biased === undefined).toBe(selection === 'synthetic');
  }
});
