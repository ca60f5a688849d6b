import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../../lib/core/errors.js';
import type { Layer } from '../../../../lib/nn/layers/layer.js';
import { parameterNames } from '../../../../lib/nn/layers/role.js';
import { unetSizes } from '../../../../lib/nn/unet/sizes.js';
import { unet, type Unet } from '../../../../lib/nn/unet/unet.js';

// The counts are those of DPImageBench's networks, from its released configurations and logs.

const sizeOf = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

function count(layers: readonly Layer[], takes: (name: string) => boolean = () => true): number {
  const all = layers.flatMap(({ parameters }) => Object.entries(parameters));
  return all.reduce((sum, [name, { shape }]) => sum + (takes(name) ? sizeOf(shape) : 0), 0);
}

const shapeOf = (side: number, channels: number) => ({ height: side, width: side, channels });
const grey28 = (classes: number) => unet({ shape: shapeOf(28, 1), classes, ...unetSizes['28'] });
const color32 = (classes: number) => unet({ shape: shapeOf(32, 3), classes, ...unetSizes['32'] });

describe('the number of parameters', () => {
  it.each([
    ['28 pixels, 10 classes', grey28(10), 1_485_217],
    ['28 pixels, 1000 classes', grey28(1000), 1_516_897],
    ['32 pixels, 2 classes', color32(2), 3_835_363],
    ['32 pixels, 10 classes', color32(10), 3_835_619],
    ['32 pixels, 100 classes', color32(100), 3_838_499],
    ['32 pixels, 1000 classes', color32(1000), 3_867_299],
    ['64 pixels', unet({ shape: shapeOf(64, 3), classes: 1000, ...unetSizes['64'] }), 4_185_155],
    ['128 pixels', unet({ shape: shapeOf(128, 3), classes: 1000, ...unetSizes['128'] }), 4_185_155],
    ['tiny', unet({ shape: shapeOf(28, 1), classes: 10, ...unetSizes.tiny }), 189_812],
    ['smoke', unet({ shape: shapeOf(28, 1), classes: 10, ...unetSizes.smoke }), 48_508],
  ])('%s', (_title, network, expected) => {
    expect(count(network.layers)).toBe(expected);
  });

  // By hand: 32 x 32 x 3 in patches of 2 x 2 has 12 channels for 4 at the first and at the last convolution, 8 more each way;
  // pictures for labels are 16 x 16 instead of 14 x 14.
  it.each([
    ['tiny', 189_812 + 8 * 9 * 16 + 8 * (9 * 16 + 1)],
    ['smoke', 48_508 + 8 * 9 * 8 + 8 * (9 * 8 + 1)],
    ['laptop', 8 * 9 * 32 + 8 * (9 * 32 + 1) + 11 * 8 * (16 ** 2 - 14 ** 2)],
  ] as const)('%s takes colour images of 32 pixels too', (name, expected) => {
    const of = (shape: ReturnType<typeof shapeOf>) => unet({ shape, classes: 10, ...unetSizes[name] }).layers;
    const grey = name === 'laptop' ? count(of(shapeOf(28, 1))) : 0;
    expect(count(of(shapeOf(32, 3))) - grey).toBe(expected);
    // The same layers, attention included.
    const names = (layers: readonly Layer[]) => layers.flatMap(({ parameters }) => Object.keys(parameters));
    expect(names(of(shapeOf(32, 3)))).toEqual(names(of(shapeOf(28, 1))));
  });

  it('a lean one has a block a level each way, a block between levels and a picture for each label', () => {
    const network = unet({ shape: shapeOf(28, 1), classes: 10, ...unetSizes.laptop });
    // By hand, with widths 32 and 64, 128 values of condition, and 12 = 4 + 8 channels at the stem:
    const block = (inputs: number, outputs: number, mapped: boolean) =>
      2 * inputs + (9 * inputs + 1) * outputs + 129 * outputs + 2 * outputs + (9 * outputs + 1) * outputs +
      (mapped ? (inputs + 1) * outputs : 0); // prettier-ignore
    const blocks = block(32, 32, false) + block(32, 64, true) + block(64, 64, false) + block(64, 32, true);
    const told = 11 * 32 + 33 * 128 + 129 * 128; // label table and two dense layers
    const ends = 11 * 14 * 14 * 8 + (9 * 12 + 1) * 32 + 2 * 32 + (9 * 32 + 1) * 4;
    expect(count(network.layers)).toBe(blocks + block(64, 32, true) + told + ends);
  });

  it.each(['19.6M', '44.2M', '78.5M'] as const)('%s', (name) => {
    const network = unet({ shape: shapeOf(32, 3), classes: 10, ...unetSizes[name] });
    expect(`${(count(network.layers) / 1e6).toFixed(1)}M`).toBe(name);
  });

  it('11.1M, whose name is cut off and not rounded', () => {
    const network = unet({ shape: shapeOf(32, 3), classes: 10, ...unetSizes['11.1M'] });
    expect(count(network.layers)).toBe(11_172_547);
  });

  it.each([
    ['label', 352],
    ['condition0', 4_224],
    ['condition1', 16_512],
    ['stem', 320],
    ['down0.block0', 65_984],
    ['down0.block1', 82_368],
    ['down0.halve', 86_528],
    ['down1.block0.attention', 16_768],
    ['down1.block1', 82_368 + 16_768],
    ['middle.first', 82_368 + 16_768],
    ['middle.second', 82_368],
    ['up1.block0', 127_616],
    ['up1.block2', 127_616 + 16_768],
    ['up1.double', 86_528],
    ['up0.block1', 127_616],
    ['up0.block2', 107_072],
    ['out', 128 + 577],
  ])('28 pixels, %s', (part, expected) => {
    expect(count(grey28(10).layers, (name) => name.startsWith(`${part}.`))).toBe(expected);
  });

  it.each([
    ['down1.block0', 246_656 + 66_304],
    ['middle.first', 312_192 + 66_304],
    ['up1.block0', 492_800],
    ['up1.block2', 410_752 + 66_304],
    ['up1.double', 328_704],
    ['up0.block0', 168_704],
    ['out.conv', 1_731],
  ])('32 pixels, %s', (part, expected) => {
    expect(count(color32(10).layers, (name) => name.startsWith(`${part}.`))).toBe(expected);
  });
});

describe('what DP-LDM-SD trains', () => {
  it.each([
    ['28', grey28(1000), 119_648],
    ['32', color32(1000), 317_856],
    ['64', unet({ shape: shapeOf(64, 3), classes: 1000, ...unetSizes['64'] }), 367_776],
  ])('at %s pixels is chosen by role', (_side, network: Unet, expected) => {
    const trained = parameterNames(network.layers, { roles: ['embedding', 'stem', 'attention'] });
    expect(count(network.layers, (name) => trained.includes(name))).toBe(expected);
    expect(trained.some((name) => name.includes('norm'))).toBe(false);
  });
});

describe('a U-Net that cannot be', () => {
  const make = (options: object) => () => unet({ shape: shapeOf(28, 1), classes: 10, ...unetSizes['28'], ...options });
  it.each([
    [
      { multipliers: [1, 2, 2, 4] },
      'the image sides cannot be halved for all levels; got [28,28], expected multiples of 8',
    ],
    [{ features: 9 }, 'features is out of range; got 9, expected an even number of at least 4'],
    [{ multipliers: [] }, 'levels is out of range; got 0, expected a whole number of at least 1'],
    [{ multipliers: [1, 0.5] }, 'multiplier is out of range; got 0.5, expected a whole number of at least 1'],
    [{ blocks: 0 }, 'blocks is out of range; got 0'],
    [{ patch: 0 }, 'patch is out of range; got 0'],
    [{ classes: -1 }, 'classes is out of range; got -1, expected a whole number of at least 0'],
    [{ attention: [15] }, 'no level has the height of an attention; got 15, expected 28, 14'],
  ])('%j', (options, message) => {
    expect(make(options)).toThrow(OptionError);
    expect(make(options)).toThrow(`unet: ${message}`);
  });
});
