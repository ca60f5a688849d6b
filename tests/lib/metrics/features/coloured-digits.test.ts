import { expect, it } from 'vitest';
import type { LabeledImages } from '../../../../lib/core/images.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { colouredDigits, hues } from '../../../../lib/metrics/features/coloured-digits.js';

/** Squares in the middle of 28 x 28 pixels, of the classes 0 to 9. */
const count = 200;
const digits: LabeledImages = {
  data: Uint8Array.from({ length: count * 784 }, (_, at) => {
    const [y, x] = [Math.floor((at % 784) / 28), at % 28];
    return y >= 10 && y < 18 && x >= 10 && x < 18 ? 255 : 0;
  }),
  labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
  count,
  height: 28,
  width: 28,
  channels: 1,
};

const pictures = colouredDigits(digits, new SeededStream(1));

it('gives colour pictures of 32 x 32 whose label is the digit and its hue', () => {
  expect(pictures).toMatchObject({ count, height: 32, width: 32, channels: 3 });
  expect(pictures.data).toHaveLength(count * 32 * 32 * 3);
  expect(Array.from(pictures.labels, (label) => Math.floor(label / hues))).toEqual([...digits.labels]);
  expect(new Set(Array.from(pictures.labels, (label) => label % hues)).size).toBe(hues);
});

/** The hue of a colour in [0, 1): red, green and blue are 0, 1/3 and 2/3. */
function hueOf([red, green, blue]: number[]): number {
  // The angle of the colour about the grey axis.
  const angle = Math.atan2(Math.sqrt(3) * (green! - blue!), 2 * red! - green! - blue!) / (2 * Math.PI);
  return (angle + 1) % 1;
}

it('draws the digit in its hue, wherever it is', () => {
  for (let i = 0; i < count; i++) {
    // The square of 8 x 8 is moved by 0 to 4 pixels: the pixels 14 to 17 are always inside it.
    const at = ((i * 32 + 15) * 32 + 15) * 3;
    const away = hueOf([...pictures.data.subarray(at, at + 3)]) - (pictures.labels[i]! % hues) / hues;
    // 0.35 of the distance to the next hue is the spread; a hexagon's hue and a circle's differ by at most 0.02.
    expect(Math.min(Math.abs(away), 1 - Math.abs(away)) * hues).toBeLessThan(0.35 + 0.02 * hues);
  }
});

it('repeats by seed, and only so', () => {
  const again = (seed: number) => Buffer.compare(colouredDigits(digits, new SeededStream(seed)).data, pictures.data);
  expect(again(1)).toBe(0);
  expect(again(2)).not.toBe(0);
});
