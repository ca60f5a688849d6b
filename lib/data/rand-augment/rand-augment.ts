import { OptionError } from '../../core/errors.js';
import type { ImageShape, LabeledImages } from '../../core/images.js';
import { SeededStream } from '../../core/rng.js';
import { mapped, turning, type AffineMap } from './affine.js';
import {
  autoContrasted,
  brighter,
  coloured,
  contrasted,
  equalised,
  posterised,
  sharpened,
  solarised,
} from './tones.js';

/** The largest magnitude; the smallest is 0. */
export const strongest = 30;
const operationsEach = 2;

const shear = (along: 'x' | 'y') => (image: Uint8Array, shape: ImageShape, strength: number) => {
  const slope = 0.3 * strength;
  return mapped(image, shape, along === 'x' ? [1, slope, 0, 0, 1, 0] : [1, 0, 0, slope, 1, 0]);
};

const move = (along: 'x' | 'y') => (image: Uint8Array, shape: ImageShape, strength: number) => {
  const pixels = Math.trunc((150 / 331) * (along === 'x' ? shape.width : shape.height) * strength);
  const map: AffineMap = along === 'x' ? [1, 0, -pixels, 0, 1, 0] : [1, 0, 0, 0, 1, -pixels];
  return mapped(image, shape, map);
};

type Operation = (image: Uint8Array, shape: ImageShape, strength: number) => Uint8Array;

/** Operations whose strength, from -1 to 1, has a sign. Shears leave the upper left corner where it is. */
const signed: Readonly<Record<string, Operation>> = {
  shearX: shear('x'),
  shearY: shear('y'),
  translateX: move('x'),
  translateY: move('y'),
  rotate: (image, shape, strength) => mapped(image, shape, turning(30 * strength, shape)),
  brightness: (image, _shape, strength) => brighter(image, 1 + 0.9 * strength),
  colour: (image, shape, strength) => coloured(image, shape, 1 + 0.9 * strength),
  contrast: (image, shape, strength) => contrasted(image, shape, 1 + 0.9 * strength),
  sharpness: (image, shape, strength) => sharpened(image, shape, 1 + 0.9 * strength),
};

/** Operations whose strength, from 0 to 1, has none. */
const unsigned: Readonly<Record<string, Operation>> = {
  identity: (image) => image,
  posterize: (image, _shape, strength) => posterised(image, 8 - Math.round(4 * strength)),
  solarize: (image, _shape, strength) => solarised(image, 255 * (1 - strength)),
  autoContrast: (image, shape) => autoContrasted(image, shape),
  equalize: (image, shape) => equalised(image, shape),
};

const names = [...Object.keys(signed), ...Object.keys(unsigned)];

/** One operation on the bytes of an image, of a magnitude from -30 to 30. */
export function augmented(image: Uint8Array, shape: ImageShape, name: string, magnitude: number): Uint8Array {
  const operation = signed[name] ?? unsigned[name];
  if (!operation)
    throw new OptionError({ asked: 'RandAugment', wrong: 'unknown operation', got: name, expected: names.join(', ') });
  return operation(image, shape, (signed[name] ? magnitude : Math.abs(magnitude)) / strongest);
}

/**
 * `copies` of each image, each after two operations by chance (the same for everybody) of one magnitude from 1 to `magnitude`: moves,
 * shears, turns, and changes of tones. RandAugment (Cubuk, Zoph, Shlens and Le 2020) with the operations and strengths of
 * torchvision; pixels are the nearest ones, and what comes from outside is black.
 *
 * @param magnitude from 1 to 30.
 */
export function randAugmentedCopies(
  stacks: readonly LabeledImages[],
  { copies, magnitude }: { readonly copies: number; readonly magnitude: number },
): LabeledImages {
  if (!(magnitude >= 1 && magnitude <= strongest))
    throw new OptionError({
      asked: 'RandAugment',
      wrong: 'magnitude is out of range',
      got: magnitude,
      expected: `1 to ${strongest}`,
    });
  const { height, width, channels } = stacks[0]!;
  const size = height * width * channels;
  const total = stacks.reduce((sum, { count }) => sum + count, 0) * copies;
  const data = new Uint8Array(total * size);
  const labels = new Uint8Array(total);
  const stream = new SeededStream('RandAugment');
  let at = 0;
  for (const stack of stacks)
    for (let row = 0; row < stack.count; row++)
      for (let copy = 0; copy < copies; copy++) {
        const strength = 1 + stream.integer(magnitude);
        let image: Uint8Array = stack.data.subarray(row * size, (row + 1) * size);
        for (let i = 0; i < operationsEach; i++) {
          const name = names[stream.integer(names.length)]!;
          const sign = stream.integer(2) === 0 ? 1 : -1;
          image = augmented(image, stack, name, sign * strength);
        }
        labels[at] = stack.labels[row]!;
        data.set(image, at++ * size);
      }
  return { data, labels, count: total, height, width, channels };
}
