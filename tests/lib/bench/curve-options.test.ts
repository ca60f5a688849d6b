import { describe, expect, it } from 'vitest';
import { checkCurve } from '../../../lib/bench/curve-options.js';

describe('the reference of a curve', () => {
  it('is the public dataset of the run, else the samples before; the private images only when asked for', () => {
    expect(checkCurve('dp.run', undefined, { dataset: 'mnist' })).toEqual({ against: 'samples' });
    expect(checkCurve('dp.run', undefined, { dataset: 'mnist', publicDataset: 'kmnist' })).toEqual({
      against: 'kmnist',
    });
    expect(checkCurve('dp.run', { at: [30, 10, 30] }, { dataset: 'mnist', publicDataset: 'kmnist' })).toEqual({
      against: 'kmnist',
      at: [10, 30],
    });
    expect(checkCurve('dp.run', 'sensitive', { dataset: 'mnist', publicDataset: 'kmnist' })).toEqual({
      against: 'sensitive',
    });
    expect(checkCurve('dp.run', { against: 'omniglot', samples: 20 }, { dataset: 'mnist' })).toMatchObject({
      samples: 20,
    });
  });

  it('is no private dataset, and nothing that is unknown', () => {
    expect(() => checkCurve('dp.run', 'mnist', { dataset: 'mnist' })).toThrow(
      "public dataset 'mnist': the dataset is private",
    );
    expect(() => checkCurve('dp.run', 'samplse', { dataset: 'mnist' })).toThrow("dataset: no such name; got 'samplse'");
    expect(() => checkCurve('dp.run', { samples: 1 }, { dataset: 'mnist' })).toThrow(
      'dp.run, curve: one sample has no covariance; got 1, expected at least 2.',
    );
    expect(() => checkCurve('dp.run', { at: [0.5] }, { dataset: 'mnist' })).toThrow(
      'dp.run, curve: at is out of range; got 0.5',
    );
    expect(() => checkCurve('dp.run', { agianst: 'samples' } as never, { dataset: 'mnist' })).toThrow(
      "Did you mean 'against'?",
    );
    expect(() => checkCurve('dp.run', 'kmnist', { dataset: 'kmnist' })).toThrow(
      'dp.run: the curve would compare samples with the private images as if they were public',
    );
    expect(() => checkCurve('dp.run', 'mnist-10k', { dataset: 'mnist' })).toThrow(
      'dp.run: the curve would compare samples with the private images as if they were public',
    );
    expect(() => checkCurve('dp.run', 7 as never, { dataset: 'mnist' })).toThrow(
      'dp.run: curve is no reference; got 7',
    );
  });
});
