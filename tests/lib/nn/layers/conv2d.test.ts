import { expect, it } from 'vitest';
import { OptionError } from '../../../../lib/core/errors.js';
import { conv2d } from '../../../../lib/nn/layers/conv2d.js';

it('an even kernel is refused', () => {
  const even = () => conv2d({ name: 'a', inputs: 1, outputs: 1, size: 4 });
  expect(even).toThrow(OptionError);
  expect(even).toThrow('conv2d: size is out of range; got 4, expected an odd whole number.');
});
