import { beforeAll, describe, expect, it } from 'vitest';
import { SecureStream } from '../../../lib/core/rng.js';
import { gaussian, Mechanisms, noisyHistogram, Sensitive, type PlannedRelease } from '../../../lib/mechanisms/index.js';
import { audit, Ledger } from '../../../lib/privacy/index.js';
import { pureSum } from '../../privacy/pure-sum.js';
import { setupEngine, tf, type Tensor2D, type Tensor4D } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const delta = 1e-5;

/** Mechanisms on the canaries that are in: canary i is an image of two pixels that spell i. */
function mechanismsOn(included: readonly boolean[], planned: PlannedRelease, seed: number): Mechanisms {
  const present = [...included.keys()].filter((i) => included[i]);
  const shape = { height: 1, width: 2, channels: 1 };
  const rows = {
    data: Uint8Array.from(present.flatMap((i) => [i >> 8, i & 255])),
    labels: new Uint8Array(present.length),
    count: present.length,
    ...shape,
  };
  const sensitive = Sensitive.seal(rows, { name: 'canaries', size: included.length, classes: ['a'], shape });
  const ledger = new Ledger({ delta, accountant: planned.epsilon === undefined ? 'gdp' : pureSum.id });
  return new Mechanisms({ sensitive, plan: [planned], noiseMultiplier: NaN, ledger, noise: new SecureStream(seed) });
}

const numberOf = (images: Tensor4D) =>
  images
    .reshape([-1, 2])
    .mul(255)
    .round()
    .mul(tf.tensor2d([[256, 1]]))
    .sum(1)
    .toInt();

describe('mechanisms under audit', () => {
  const canaries = 600;
  const claimed = 1.993091; // exact Gaussian, noise multiplier 2, delta 1e-5 (specification of the accountants)

  /** Every canary has an entry of its own in the mean. */
  const means = (noiseMultiplier: number, seed: number) => async (included: readonly boolean[]) => {
    const plan = gaussian({ of: 'mean', l2Sensitivity: 1 / canaries, noiseMultiplier });
    const features = (images: Tensor4D) => tf.oneHot(numberOf(images), canaries).toFloat() as Tensor2D;
    const query = { features, dimension: canaries, clipNorm: 1 };
    return (await mechanismsOn(included, plan, seed).labelMeans('mean', query)).value;
  };

  it('label means keep their epsilon, and are caught when their noise is 8 times too small', async () => {
    for (let i = 0; i < 5; i++) {
      const right = await audit(means(2, i), { delta, claimed, canaries, seed: i });
      expect(right.refuted).toBe(false);
      const broken = await audit(means(2 / 8, i), { delta, claimed, canaries, seed: i });
      expect(broken.refuted).toBe(true);
      expect(broken.epsilonLower).toBeGreaterThan(2 * right.epsilonLower);
    }
  });

  it('histograms with Laplace noise keep theirs, and the bound comes near it', async () => {
    const counts = (epsilon: number) => {
      let seed = 0;
      return async (included: readonly boolean[]) => {
        const plan = noisyHistogram({ of: 'bins', epsilon });
        const { value } = await mechanismsOn(included, plan, ++seed).histogram('bins', { bins: 1, binsOf: numberOf });
        return [value[0]!];
      };
    };
    const right = await audit(counts(1), { delta: 1e-9, claimed: 1, runs: 3000, seed: 3 });
    expect(right.epsilonLower).toBeLessThan(1);
    expect(right.epsilonLower).toBeGreaterThan(0.6);
    expect((await audit(counts(8), { delta: 1e-9, claimed: 1, runs: 600, seed: 4 })).refuted).toBe(true);
  });

  it('histograms with Gaussian noise keep theirs, and are caught when their noise is four times too small', async () => {
    const claimed = 4.377178; // exact Gaussian, noise multiplier 1, delta 1e-5
    const counts = (noiseMultiplier: number) => {
      let seed = 0;
      return async (included: readonly boolean[]) => {
        const plan = noisyHistogram({ of: 'bins', noiseMultiplier });
        const { value } = await mechanismsOn(included, plan, ++seed).histogram('bins', { bins: 1, binsOf: numberOf });
        return [value[0]!];
      };
    };
    const options = { delta, claimed, runs: 600, bound: 'gaussian' } as const;
    const right = await audit(counts(1), { ...options, seed: 5 });
    expect(right.refuted).toBe(false);
    expect(right.epsilonLower).toBeGreaterThan(1.993091); // that of noise multiplier 2
    expect((await audit(counts(1 / 4), { ...options, seed: 6 })).refuted).toBe(true);
  });
});
