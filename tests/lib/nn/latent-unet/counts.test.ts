import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../../lib/core/errors.js';
import { valuesOf } from '../../../../lib/nn/initial-parameters.js';
import { latentUnet } from '../../../../lib/nn/latent-unet/latent-unet.js';
import { planLatentUnet } from '../../../../lib/nn/latent-unet/plan.js';
import { latentUnetSizes } from '../../../../lib/nn/latent-unet/sizes.js';

const shapeOf = (side: number) => ({ height: side, width: side, channels: 3 });
type Side = keyof typeof latentUnetSizes;

/** Values of the layers in a role, or of all but the table of classes. */
function valuesIn(side: Side, latentSide: number, role?: string, options: object = {}): number {
  const { layers } = latentUnet({ shape: shapeOf(latentSide), classes: 1000, ...latentUnetSizes[side], ...options });
  return valuesOf(layers.filter((layer) => (role === undefined ? layer.role !== 'class' : layer.role === role)));
}

describe('the number of parameters', () => {
  // DPImageBench's networks for images of 28, 32, 64 and 128 pixels, whose latents have sides of 14, 16, 32 and 32; for
  // the laptop by hand: 4 transformers of 20 C² + (21 + 2 x 64) C = 25,248 with C = 32, 3 blocks of 22,752 and 2 of 34,112,
  // 4,224 + 16,512 for the time, 896 and 931 for the ends.
  it.each([
    ['28', 14, 7_107_139, 3_512_640, 11],
    ['32', 16, 3_430_115, 905_760, 16],
    ['64', 32, 3_430_115, 905_760, 16],
    ['128', 32, 2_064_675, 161_760, 11],
    ['laptop', 14, 260_035, 100_992, 4],
  ] as const)(
    '%s pixels: all, what DP-LDM trains, and the transformers',
    (side, latents, all, trained, transformers) => {
      expect(valuesIn(side, latents)).toBe(all);
      expect(valuesIn(side, latents, 'transformer')).toBe(trained);
      const plan = planLatentUnet({ shape: shapeOf(latents), classes: 1, ...latentUnetSizes[side] });
      const steps = [...plan.down, ...plan.middle, ...plan.up];
      expect(Math.max(...steps.map(({ transformer = 0 }) => transformer))).toBe(transformers);
    },
  );

  it.each([
    ['28', 14, 177_152],
    ['32', 16, 200_192],
    ['64', 32, 200_192],
    ['128', 32, 133_632],
  ] as const)('%s pixels: the adapters of DP-LoRA, which leave the rest as it is', (side, latents, expected) => {
    const rank = { rank: 8 };
    expect(valuesIn(side, latents, 'adapter', rank)).toBe(expected);
    expect(valuesIn(side, latents, undefined, rank)).toBe(valuesIn(side, latents) + expected);
    expect(valuesIn(side, latents, 'transformer', rank)).toBe(valuesIn(side, latents, 'transformer'));
  });

  it('has a token of 512 for each class: the table of DPImageBench has one row more, which nothing reads', () => {
    expect(valuesIn('28', 14, 'class')).toBe(1000 * 512);
    expect(valuesIn('28', 14, 'class', { classes: 1001 })).toBe(512_512);
  });

  it('says what each layer is for', () => {
    const options = { shape: shapeOf(16), classes: 10, ...latentUnetSizes['32'], rank: 8 };
    const roles = new Set(latentUnet(options).layers.map(({ role }) => role));
    expect([...roles].sort()).toEqual(
      ['adapter', 'class', 'fixed transformer', 'norm', 'output', 'resample', 'residual', 'stem', 'time', 'transformer'], // prettier-ignore
    );
  });
});

describe('a U-Net of latents that cannot be', () => {
  const make = (options: object) => () =>
    latentUnet({ shape: shapeOf(14), classes: 10, ...latentUnetSizes['28'], ...options });
  it.each([
    [
      { multipliers: [1, 2, 2] },
      'the sides of the latents cannot be halved for all levels; got [14,14], expected multiples of 4',
    ],
    [{ features: 9 }, 'features is odd; got 9, expected an even number'],
    [{ features: 12 }, 'the heads do not divide the channels of a level; got 8, expected a divisor of 12'],
    [{ attention: [true] }, 'attention has another length than multipliers; got 1, expected 2'],
    [{ classes: 0 }, 'classes is out of range; got 0, expected a whole number of at least 1'],
    [{ multipliers: [] }, 'levels is out of range; got 0'],
    [{ multipliers: [0.5] }, 'multiplier is out of range; got 0.5'],
    [{ blocks: 0 }, 'blocks is out of range; got 0'],
    [{ contextSize: 0 }, 'contextSize is out of range; got 0'],
    [{ headWidth: 0 }, 'headWidth is out of range; got 0'],
    [{ groupWidth: 0 }, 'groupWidth is out of range; got 0'],
    [{ tunedFrom: 0 }, 'tunedFrom is out of range; got 0'],
    [{ rank: -1 }, 'rank is out of range; got -1, expected a whole number of at least 0'],
  ])('%j', (options, message) => {
    expect(make(options)).toThrow(OptionError);
    expect(make(options)).toThrow(`latentUnet: ${message}`);
  });
});
