import { beforeAll, describe, expect, it } from 'vitest';
import { checkRunOptions, requestOf } from '../../../lib/bench/run-options.js';
import { spendsOnCentralImages } from '../../../lib/methods/central-images.js';
import { setupEngine } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const options = {
  method: 'dp-merf',
  dataset: 'mnist-10k',
  epsilon: 1,
  scale: 'smoke',
  warmUp: 'central-images',
} as const;

describe('warm-up by central images', () => {
  it('is refused where nothing takes its images, and beside a public dataset', () => {
    expect(() => checkRunOptions({ ...options, method: 'dpdm' })).toThrow(
      "dpdm: the method takes no images to train on first; got 'warmUp: 'central-images''. Leave warmUp out.",
    );
    expect(() => checkRunOptions({ ...options, publicDataset: 'kmnist' })).toThrow(
      'dp.run: both warmUp and publicDataset are given, which a method would train on in the same stage',
    );
    expect(() => checkRunOptions({ ...options, warmUp: 'central' as 'none' })).toThrow('warmUp');
  });

  it('is a part of the request, with parameters of its own', () => {
    expect(requestOf(options)).toMatchObject({ warmUp: 'central-images', params: { centralRounds: 2 } });
    expect(checkRunOptions({ ...options, params: { centralShrink: 2 } }).params).toMatchObject({ centralShrink: 2 });
    expect(() => checkRunOptions({ ...options, warmUp: 'none', params: { centralShrink: 2 } })).toThrow(
      'centralShrink',
    );
  });

  it('costs what the paper says: five rounds on a Poisson batch of 1 / 10, noise multiplier 5', () => {
    const facts = {
      name: 'mnist',
      size: 55000,
      classes: Array.from('0123456789'),
      shape: { height: 28, width: 28, channels: 1 },
    };
    const params = {
      centralRounds: 5,
      centralBatchSize: 6000,
      centralNoiseMultiplier: 5,
      centralShrink: 2,
      centralCopies: 1,
    };
    const plan = spendsOnCentralImages(params, facts);
    expect(plan.sampling).toMatchObject({ sampleRate: 0.1, steps: 5 });
    // Norm sqrt(196) = 14 over an expected batch of 5,500: times 10 classes the 14 / 550 of a class mean.
    expect(plan.sensitivity).toBeCloseTo(14 / 5500, 12);
    expect(() => spendsOnCentralImages({ ...params, centralShrink: 3 }, facts)).toThrow(
      'central images: centralShrink does not divide the sides of the images; got 3, expected a divisor of 28 and 28',
    );
  });
});
