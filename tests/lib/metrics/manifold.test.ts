import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FeatureRows } from '../../../lib/metrics/features/feature-store.js';
import { countInside, manifoldOf, neighbours } from '../../../lib/metrics/manifold.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';
import { featureRows, seededFeatures } from './seeded-features.js';

beforeAll(() => setupEngine());

interface Counts {
  readonly realRadii: number;
  readonly madeRadii: number;
  readonly precision: number;
  readonly recall: number;
}

const golden = JSON.parse(
  readFileSync(new URL('../../golden/precision-recall.json', import.meta.url), 'utf8'),
) as Record<string, Counts>;
/** Relative, of a sum of some thousand doubles in another order. */
const relative = 1e-12;

const changed = (rows: FeatureRows, change: (value: number, i: number) => number): FeatureRows => ({
  ...rows,
  features: rows.features.map(change),
});
const grid = (seed: number, rows: number, size: number) =>
  changed(seededFeatures(seed, rows, size), (value) => Math.floor(2 * value));
const copies = (rows: FeatureRows, others: FeatureRows) =>
  changed(rows, (value, i) => (Math.floor(i / rows.size) % 2 === 0 ? others.features[i]! : value));
/** Two clusters so far apart that float32 products say nothing about distances within one. */
const apart = (rows: FeatureRows) =>
  changed(rows, (value, i) => value + (Math.floor(i / rows.size) % 2 === 0 ? 1000 : -1000));
const line = (...values: number[]) => featureRows(values.map((value) => [value]));
const [real, made] = [seededFeatures(11, 2000, 8), seededFeatures(12, 2000, 8, 0.3)];

const precision = async (made: FeatureRows, real: FeatureRows) =>
  (await countInside(made, await manifoldOf(real, 'training'))) / made.rows;

describe('manifold of images', () => {
  it.each([
    ['points', real, made],
    ['points at offset 4096', seededFeatures(11, 2000, 8, 4096), seededFeatures(12, 2000, 8, 4096.3)],
    ['copies', real, copies(made, real)],
    ['grid', grid(13, 2000, 4), grid(14, 1500, 4)],
    ['far clusters', apart(seededFeatures(17, 800, 4)), apart(seededFeatures(18, 700, 4, 0.1))],
    ['wide', seededFeatures(15, 700, 300), seededFeatures(16, 600, 300, 0.1)],
  ])('has exactly the counts of brute force in float64: %s', async (name, real, made) => {
    const before = tf.memory().numTensors;
    const expected = golden[name]!;
    const manifolds = [await manifoldOf(real, 'training'), await manifoldOf(made, 'synthetic')];
    const sums = manifolds.map(({ squaredRadii }) => squaredRadii.reduce((sum, value) => sum + value, 0));
    expect(Math.abs(sums[0]! / expected.realRadii - 1)).toBeLessThan(relative);
    expect(Math.abs(sums[1]! / expected.madeRadii - 1)).toBeLessThan(relative);
    expect(await countInside(made, manifolds[0]!)).toBe(expected.precision);
    expect(await countInside(real, manifolds[1]!)).toBe(expected.recall);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('has the radii and counts of points on a line; a point on the edge is outside', async () => {
    expect(neighbours).toBe(4);
    const few = line(0, 1, 2, 10);
    const synthetic = line(-1.5, 0.5, 30);
    expect(await countInside(synthetic, await manifoldOf(few, 'training', undefined, 2))).toBe(1);
    expect(await countInside(few, await manifoldOf(synthetic, 'synthetic', undefined, 2))).toBe(4);
    expect(await countInside(line(3), await manifoldOf(line(0, 1, 2), 'training', undefined, 2))).toBe(0);
    const five = line(0, 1, 2, 3, 4);
    expect([...(await manifoldOf(five, 'training')).squaredRadii]).toEqual([9, 4, 4, 4, 9]);
    expect(await precision(line(6.5, 7, -3.1, -2.9), five)).toBe(0.5); // 7 is 3 from 4, whose radius is 3
    expect(await precision(line(7), five)).toBe(0);
    expect(await precision(line(6.999), five)).toBe(1);
  });

  it('holds all of itself, and nothing of a set of equal images, which has no extent', async () => {
    expect(await precision(real, real)).toBe(1);
    const same = line(...Array<number>(40).fill(3));
    expect([...new Set((await manifoldOf(same, 'synthetic')).squaredRadii)]).toEqual([0]);
    expect(await precision(same, same)).toBe(0);
    expect(await precision(line(2, 3, 4), same)).toBe(0);
  });

  it('far images lower precision; duplicates of synthetic images shrink what recall counts', async () => {
    const twice = { ...made, rows: 4000, features: Float32Array.from([...made.features, ...made.features]) };
    const far = {
      ...twice,
      features: twice.features.map((value, i) => (i < made.features.length ? value : value + 50)),
    };
    expect(await precision(far, real)).toBeCloseTo((await precision(made, real)) / 2, 12);
    const [once, doubled] = [await precision(real, made), await precision(real, twice)];
    expect(doubled).toBeLessThan(once);
    expect(doubled).toBeGreaterThan(0);
  });

  it('refuses fewer rows than neighbours and features that are no numbers, and stops when it is aborted', async () => {
    await expect(manifoldOf(line(1, 2, 3), 'synthetic')).rejects.toThrow(
      'manifold of images: too few synthetic images; got 3, expected at least 4.',
    );
    await expect(manifoldOf(line(1, 2, Infinity, 3), 'training')).rejects.toThrow(
      'manifold of images: a feature of the training images is no number; got Infinity, expected finite values.',
    );
    const before = tf.memory().numTensors;
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(manifoldOf(real, 'training', stopped)).rejects.toThrow('enough');
    await expect(countInside(made, await manifoldOf(real, 'training'), stopped)).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  });
});
