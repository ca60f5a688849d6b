import { beforeAll, describe, expect, it } from 'vitest';
import { SecureStream } from '../../lib/core/rng.js';
import { gaussian, gaussianOnSamples, Mechanisms, noisyHistogram } from '../../lib/mechanisms/index.js';
import { Ledger } from '../../lib/privacy/index.js';
import { setupEngine, type Tensor4D } from '../../lib/tensor/index.js';
import { brightness, sealed, twelve } from './toy.js';

beforeAll(() => setupEngine());

/** Randomness that fails in the ways that a generator can: by an error, or by nonsense. */
class Broken extends SecureStream {
  constructor(readonly draw: () => number) {
    super();
  }
  override uniform = () => this.draw();
  override normal = () => this.draw();
}
const ways = [
  () => {
    throw new Error('no entropy');
  },
  () => NaN,
  () => Infinity,
  () => -1,
];

type Release = (mechanisms: Mechanisms) => Promise<unknown>;

/** The check: with no randomness there is no result. */
async function aborts(release: Release): Promise<boolean> {
  const plan = [
    gaussian({ of: 'mean', l2Sensitivity: 1 / 12 }),
    noisyHistogram({ of: 'bins' }),
    gaussianOnSamples({ of: 'means', l2Sensitivity: 1 / 12, sampleRate: 1, steps: 1 }),
  ];
  const results: unknown[] = [];
  for (const draw of ways)
    for (const planned of plan) {
      const options = {
        sensitive: sealed(twelve),
        plan: [planned],
        noiseMultiplier: 1,
        ledger: new Ledger({ delta: 1e-5 }),
      };
      const mechanisms = new Mechanisms({ ...options, noise: new Broken(draw) });
      results.push(await release(mechanisms).catch(() => undefined));
    }
  return results.every((result) => result === undefined);
}

const bins = { bins: 2, binsOf: (images: Tensor4D) => images.reshape([-1]).round() };

describe('pitfall 19: a failing mechanism aborts', () => {
  it('holds for means, sampled means and histograms', async () => {
    expect(await aborts((mechanisms) => mechanisms.labelMeans('mean', brightness))).toBe(true);
    expect(await aborts((mechanisms) => mechanisms.sampledLabelMeans('means', brightness))).toBe(true);
    expect(await aborts((mechanisms) => mechanisms.averageOfSampledLabelMeans('means', brightness))).toBe(true);
    expect(await aborts((mechanisms) => mechanisms.histogram('bins', bins))).toBe(true);
  });

  it('fails for the mutation that goes on without noise', async () => {
    const mutation: Release = (mechanisms) => mechanisms.labelMeans('mean', brightness).catch(() => [0.5, 0.5]);
    expect(await aborts(mutation)).toBe(false);
  });
});
