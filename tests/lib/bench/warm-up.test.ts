import { beforeAll, describe, expect, it } from 'vitest';
import { checkRunOptions, requestOf } from '../../../lib/bench/run-options.js';
import { withCentralImages } from '../../../lib/methods/central-images.js';
import { methods } from '../../../lib/methods/methods.js';
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

  it('leaves nothing to train ahead: its images are the run’s alone', () => {
    const method = methods.get('pdp-diffusion');
    expect(method).toHaveProperty('pretrain');
    expect(withCentralImages(method)).not.toHaveProperty('pretrain');
  });

  it('is a part of the request, with parameters of its own', () => {
    expect(requestOf(options)).toMatchObject({ warmUp: 'central-images', params: { centralRounds: 2 } });
    expect(checkRunOptions({ ...options, params: { centralShrink: 2 } }).params).toMatchObject({ centralShrink: 2 });
    expect(() => checkRunOptions({ ...options, warmUp: 'none', params: { centralShrink: 2 } })).toThrow(
      'centralShrink',
    );
  });
});
