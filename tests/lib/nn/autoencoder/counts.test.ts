import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../../lib/core/errors.js';
import { autoencoder } from '../../../../lib/nn/autoencoder/autoencoder.js';
import { autoencoderSizes } from '../../../../lib/nn/autoencoder/sizes.js';
import { valuesOf } from '../../../../lib/nn/initial-parameters.js';

const shapeOf = (side: number, channels: number) => ({ height: side, width: side, channels });

describe('the number of parameters of the autoencoder', () => {
  // Those of DPImageBench's first stages; the laptop's by its own formula (a row a layer, see section 9 of the specification).
  it.each([
    ['28', shapeOf(28, 1), 14_635_197, shapeOf(14, 3)],
    ['32', shapeOf(32, 3), 14_639_807, shapeOf(16, 3)],
    ['64', shapeOf(64, 3), 29_935_359, shapeOf(32, 3)],
    ['128', shapeOf(128, 3), 48_833_535, shapeOf(32, 3)],
    ['laptop', shapeOf(28, 1), 166_477, shapeOf(14, 3)],
  ] as const)('%s', (size, shape, expected, latentShape) => {
    const network = autoencoder({ shape, ...autoencoderSizes[size] });
    expect(valuesOf(network.layers)).toBe(expected);
    expect(network.latentShape).toEqual(latentShape);
  });
});

describe('an autoencoder that cannot be', () => {
  const make = (options: object) => () => autoencoder({ shape: shapeOf(28, 1), ...autoencoderSizes['28'], ...options });
  it.each([
    [
      { multipliers: [1, 1, 1, 1] },
      'the image sides cannot be halved for all levels; got [28,28], expected multiples of 8',
    ],
    [{ attention: [16] }, 'no level has the height of an attention; got 16, expected 28, 14'],
    [{ features: 0 }, 'features is out of range; got 0, expected a whole number of at least 1'],
    [{ multipliers: [] }, 'levels is out of range; got 0'],
    [{ multipliers: [1, 0.5] }, 'multiplier is out of range; got 0.5'],
    [{ blocks: 0 }, 'blocks is out of range; got 0'],
    [{ latentChannels: 0 }, 'latentChannels is out of range; got 0'],
    [{ groupWidth: 0 }, 'groupWidth is out of range; got 0'],
  ])('%j', (options, message) => {
    expect(make(options)).toThrow(OptionError);
    expect(make(options)).toThrow(`autoencoder: ${message}`);
  });
});
