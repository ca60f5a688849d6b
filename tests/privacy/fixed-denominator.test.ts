import { beforeAll, describe, expect, it } from 'vitest';
import { labelSums } from '../../lib/mechanisms/label-sums.js';
import { gaussian, gaussianOnSamples } from '../../lib/mechanisms/index.js';
import { setupEngine } from '../../lib/tensor/index.js';
import { brightness, largestChange, mechanismsOn, negligible, rowsOf, twelve, type Toy } from './toy.js';

beforeAll(() => setupEngine());

/** Noise of a millionth leaves this much of a distance. */
const rounding = 1e-4;

/** The check: a mean over N records of norm at most 1 may change by 1 / N when one goes away. */
const holds = async (release: (toy: Toy) => Promise<ArrayLike<number>>, expectedSize: number) =>
  (await largestChange(twelve, release)) <= (1 + rounding) / expectedSize;

describe('pitfall 1: fixed denominator', () => {
  it('holds for means over all records', async () => {
    const plan = [gaussian({ of: 'mean', l2Sensitivity: 1 / 12, noiseMultiplier: negligible })];
    const release = async (toy: Toy) =>
      (await mechanismsOn(toy, plan, { size: 12 }).mechanisms.labelMeans('mean', brightness)).value;
    expect(await holds(release, 12)).toBe(true);
  });

  it('holds for means over Poisson samples', async () => {
    // Rate 1 keeps the samples of neighbours comparable; the divisor is the rate times N, not the size that came out.
    const plan = [
      gaussianOnSamples({ of: 'means', l2Sensitivity: 1 / 12, sampleRate: 1, steps: 1, noiseMultiplier: negligible }),
    ];
    const release = async (toy: Toy) =>
      (await mechanismsOn(toy, plan, { size: 12 }).mechanisms.sampledLabelMeans('means', brightness)).value[0]!;
    expect(await holds(release, 12)).toBe(true);
  });

  it('fails for the mutation that divides by the realised size', async () => {
    const mutation = async (toy: Toy) => {
      const sums = await labelSums(rowsOf(toy), 2, { ...brightness, clipNorm: 1 });
      const counts = [0, 1].map((label) => toy.filter((record) => record[1] === label).length);
      return sums.map((sum, label) => sum / counts[label]!);
    };
    expect(await holds(mutation, 12)).toBe(false);
  });
});
