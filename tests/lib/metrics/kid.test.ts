import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../lib/core/rng.js';
import { subsetDistance, wholeDistance } from '../../../lib/metrics/kid.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';
import { featureRows, seededFeatures } from './seeded-features.js';

beforeAll(() => setupEngine());

const golden = JSON.parse(readFileSync(new URL('../../golden/kid.json', import.meta.url), 'utf8')) as Record<
  string,
  number
>;
/** Relative: computed in double precision, given back in float32. */
const relative = 1e-6;
const stream = () => new SeededStream(1);
const off = (value: number | undefined, name: string) => Math.abs(value! / golden[name]! - 1);

describe('kernel distance', () => {
  it.each([
    ['equal8', seededFeatures(21, 300, 8), seededFeatures(22, 300, 8, 0.2)],
    ['equal2048', seededFeatures(23, 100, 2048, 0.5), seededFeatures(24, 100, 2048, 0.75)],
    ['near', seededFeatures(25, 300, 64), seededFeatures(26, 300, 64)],
  ])('is what torch-fidelity says, %s, and each subset that is the whole set too', async (name, made, real) => {
    const before = tf.memory().numTensors;
    expect(off((await wholeDistance(made, real, stream())).value, name)).toBeLessThan(relative);
    if (made.size < 100) {
      const { value, lower, upper } = await subsetDistance(made, real, stream());
      for (const one of [value, lower, upper]) expect(off(one, name)).toBeLessThan(relative);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes sets of unequal size, with the interval of the jackknife', async () => {
    const { value, lower, upper } = await wholeDistance(
      seededFeatures(21, 60, 8),
      seededFeatures(22, 200, 8, 0.2),
      stream(),
    );
    expect(off(value, 'unequal8')).toBeLessThan(relative);
    const half = 1.96 * golden['jackknifeError8']!;
    expect(Math.abs((upper! - lower!) / (2 * half) - 1)).toBeLessThan(1e-4); // of differences of float32
    expect(Math.abs(upper! + lower! - 2 * value)).toBeLessThan(1e-9);
  });

  it('subsets of 1,000 lie about the estimate of the whole set, by the seed', async () => {
    const [made, real] = [seededFeatures(27, 3000, 8), seededFeatures(28, 3000, 8, 0.2)];
    const whole = await wholeDistance(made, real, stream());
    const inSubsets = await subsetDistance(made, real, stream());
    expect(inSubsets.lower!).toBeLessThan(whole.value);
    expect(inSubsets.upper!).toBeGreaterThan(whole.value);
    expect(Math.abs(inSubsets.value / whole.value - 1)).toBeLessThan(0.1);
    expect(await subsetDistance(made, real, stream())).toEqual(inSubsets);
    expect(await subsetDistance(made, real, new SeededStream(2))).not.toEqual(inSubsets);
  });

  it('refuses too few rows and features that are no numbers, and stops when it is aborted', async () => {
    const real = seededFeatures(22, 10, 2);
    await expect(
      wholeDistance(
        featureRows([
          [1, 2],
          [2, 1],
        ]),
        real,
        stream(),
      ),
    ).rejects.toThrow(
      // prettier-ignore
      'KID: too few synthetic images; got 2, expected at least 3.',
    );
    await expect(wholeDistance(real, featureRows([[1, 2]]), stream())).rejects.toThrow(
      'KID: too few training images; got 1, expected at least 2.',
    );
    await expect(subsetDistance({ ...real, features: real.features.fill(NaN) }, real, stream())).rejects.toThrow(
      'KID: a feature of the synthetic images is no number; got NaN',
    );
    const before = tf.memory().numTensors;
    const rows = seededFeatures(21, 100, 8);
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(subsetDistance(rows, rows, stream(), stopped)).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  });
});
