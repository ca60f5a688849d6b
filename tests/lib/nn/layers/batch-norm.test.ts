import { expect, it } from 'vitest';
import { OptionError } from '../../../../lib/core/errors.js';
import { batchNorm } from '../../../../lib/nn/layers/batch-norm.js';

it('batch normalisation is refused with the reason and the replacement', () => {
  expect(batchNorm).toThrow(OptionError);
  expect(batchNorm).toThrow('batchNorm: batch normalisation mixes the examples of a batch');
  expect(batchNorm).toThrow('Use groupNorm({ name, channels, groups }) or layerNorm({ name, size }).');
});
