import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../lib/core/rng.js';
import { gaussian, gaussianOnSamples, noisyHistogram, type PlannedRelease } from '../../lib/mechanisms/index.js';
import { setupEngine, tf, type Tensor2D, type Tensor4D } from '../../lib/tensor/index.js';
import { brightness, largestChange, mechanismsOn, negligible, twelve, type Toy } from './toy.js';

beforeAll(() => setupEngine());

const fixed = { noiseMultiplier: negligible };
/** Noise of a millionth leaves this much of a distance. */
const rounding = 1e-4;

/** The check, by brute force over all neighbours: no change is larger than what the ledger says, and the bound is reached. */
async function check(plan: PlannedRelease, release: (toy: Toy) => Promise<ArrayLike<number>>) {
  const change = await largestChange(twelve, release);
  return { within: change <= plan.sensitivity * (1 + rounding), tight: change >= plan.sensitivity * (1 - rounding) };
}

const twoBins = (images: Tensor4D): Tensor2D => {
  const bright = images.reshape([-1, 1]).round();
  return tf.concat([bright, bright.add(2)], 1) as Tensor2D; // bins 0 and 2 of a dark record, 1 and 3 of a bright one
};

describe('pitfall 2: sensitivity of the release', () => {
  it('is what the ledger says for means, sampled means and histograms', async () => {
    const mean = gaussian({ of: 'mean', l2Sensitivity: 1 / 12, ...fixed });
    const means = gaussianOnSamples({ of: 'means', l2Sensitivity: 1 / 12, sampleRate: 1, steps: 1, ...fixed });
    const bins = noisyHistogram({ of: 'bins', binsPerRecord: 2, ...fixed });
    const on = (toy: Toy, plan: PlannedRelease) => mechanismsOn(toy, [plan], { size: 12 }).mechanisms;
    const query = { bins: 4, binsOf: twoBins };
    const checks = [
      await check(mean, async (toy) => (await on(toy, mean).labelMeans('mean', brightness)).value),
      await check(means, async (toy) => (await on(toy, means).sampledLabelMeans('means', brightness)).value[0]!),
      await check(bins, async (toy) => (await on(toy, bins).histogram('bins', query)).value),
      await check(bins, async (toy) => (await on(toy, bins).histogram('bins', { ...query, byClass: true })).value),
    ];
    expect(checks).toEqual(Array(4).fill({ within: true, tight: true }));
  });

  it('is read by the mechanism from the clipper: a plan for less is refused', async () => {
    const plan = gaussian({ of: 'mean', l2Sensitivity: 0.5 / 12 });
    await expect(mechanismsOn(twelve, [plan]).mechanisms.labelMeans('mean', brightness)).rejects.toThrow(
      'it is more sensitive than `spends` declares',
    );
    const replaced = gaussian({ of: 'mean', l2Sensitivity: 1 / 12, relation: 'replace-one' });
    await expect(mechanismsOn(twelve, [replaced]).mechanisms.labelMeans('mean', brightness)).rejects.toThrow(
      "it is more sensitive than `spends` declares; got 'gaussian, sensitivity 0.1666",
    );
  });

  it('sets the noise: twice the sensitivity, twice the noise', async () => {
    const deviation = async (clipNorm: number) => {
      const toy: Toy = Array.from({ length: 400 }, () => [0, 0]);
      const plan = gaussian({ of: 'mean', l2Sensitivity: clipNorm / 400 });
      const query = { features: (x: Tensor4D) => tf.zeros([x.shape[0], 2000]) as Tensor2D, dimension: 2000, clipNorm };
      const { value } = await mechanismsOn(toy, [plan]).mechanisms.labelMeans('mean', query);
      return Math.sqrt(value.reduce((sum, v) => sum + v * v, 0) / value.length) * 400;
    };
    // 4,000 normals: the deviation is right to 4 standard errors, 4 / sqrt(8000) = 4.5 %.
    expect(Math.abs((await deviation(1)) - 1)).toBeLessThan(0.045);
    expect(Math.abs((await deviation(2)) - 2)).toBeLessThan(0.09);
  });

  it('is not what these mutations assume', async () => {
    const mean = gaussian({ of: 'mean', l2Sensitivity: 1 / 12, ...fixed });
    const noise = new SeededStream(1);
    const mutant = (contribution: (record: Toy[number]) => number) => async (toy: Toy) => [
      toy.reduce((sum, record) => sum + contribution(record), 0) / 12 + negligible * noise.normal(),
    ];
    const feature = ([bright]: Toy[number]) => 0.3 + (bright > 127 ? 1.7 : 0);
    const clipped = (record: Toy[number]) => Math.min(1, feature(record));
    expect((await check(mean, mutant(clipped))).within).toBe(true);
    // No clipping; eight copies of a record clipped one by one and summed.
    expect((await check(mean, mutant(feature))).within).toBe(false);
    expect(
      (
        await check(
          mean,
          mutant((record) => 8 * clipped(record)),
        )
      ).within,
    ).toBe(false);
  });
});
