import type { ImageShape } from '../../core/images.js';

/*
 * Changes of tones, byte for byte those of Pillow 13: ImageEnhance (brightness, contrast, colour, sharpness) and ImageOps
 * (posterize, solarize, autocontrast, equalize).
 */

const clamped = (value: number): number => Math.min(255, Math.max(0, Math.trunc(value)));

/** `factor` of the image and the rest of another: `Image.blend`, in single precision. */
function blended(other: (i: number) => number, image: Uint8Array, factor: number): Uint8Array {
  const share = Math.fround(factor);
  const result = new Uint8Array(image.length);
  for (let i = 0; i < image.length; i++) {
    const from = other(i);
    result[i] = clamped(Math.fround(from + Math.fround(share * (image[i]! - from))));
  }
  return result;
}

/** The grey value of a pixel: ITU-R 601 in whole numbers. */
function greyAt(image: Uint8Array, channels: number, pixel: number): number {
  if (channels === 1) return image[pixel]!;
  const [red, green, blue] = image.subarray(pixel * 3, pixel * 3 + 3) as unknown as [number, number, number];
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

export const brighter = (image: Uint8Array, factor: number): Uint8Array => blended(() => 0, image, factor);

export function contrasted(image: Uint8Array, { channels }: ImageShape, factor: number): Uint8Array {
  const pixels = image.length / channels;
  let sum = 0;
  for (let pixel = 0; pixel < pixels; pixel++) sum += greyAt(image, channels, pixel);
  const mean = Math.trunc(sum / pixels + 0.5);
  return blended(() => mean, image, factor);
}

export function coloured(image: Uint8Array, { channels }: ImageShape, factor: number): Uint8Array {
  return blended((i) => greyAt(image, channels, Math.floor(i / channels)), image, factor);
}

/** Away from, or with a factor below 1 towards, the mean of nine pixels of which the middle one counts five times. */
export function sharpened(image: Uint8Array, shape: ImageShape, factor: number): Uint8Array {
  const smooth = smoothed(image, shape);
  return blended((i) => smooth[i]!, image, factor);
}

function smoothed(image: Uint8Array, { height, width, channels }: ImageShape): Uint8Array {
  const result = Uint8Array.from(image); // the border stays
  const row = width * channels;
  for (let y = 1; y < height - 1; y++)
    for (let i = y * row + channels; i < (y + 1) * row - channels; i++) {
      let sum = 4 * image[i]!;
      for (const at of [i - row, i, i + row]) sum += image[at - channels]! + image[at]! + image[at + channels]!;
      result[i] = Math.floor(sum / 13 + 0.5);
    }
  return result;
}

/** The first `bits` bits of each value. */
export function posterised(image: Uint8Array, bits: number): Uint8Array {
  const mask = 0x100 - (1 << (8 - bits));
  return image.map((value) => value & mask);
}

/** Values from the threshold on turned to their negative. */
export const solarised = (image: Uint8Array, threshold: number): Uint8Array =>
  image.map((value) => (value < threshold ? value : 255 - value));

/** Each channel by a table of its own. */
function byTable(
  image: Uint8Array,
  channels: number,
  table: (counts: Uint32Array) => Uint8Array | undefined,
): Uint8Array {
  const result = Uint8Array.from(image);
  for (let channel = 0; channel < channels; channel++) {
    const counts = new Uint32Array(256);
    for (let i = channel; i < image.length; i += channels) counts[image[i]!]!++;
    const values = table(counts);
    if (values) for (let i = channel; i < image.length; i += channels) result[i] = values[image[i]!]!;
  }
  return result;
}

/** Each channel stretched from black to white. */
export function autoContrasted(image: Uint8Array, { channels }: ImageShape): Uint8Array {
  return byTable(image, channels, (counts) => {
    const low = counts.findIndex((count) => count > 0);
    const high = counts.findLastIndex((count) => count > 0);
    if (high <= low) return undefined;
    const scale = 255 / (high - low);
    return Uint8Array.from(counts, (_, value) => clamped(value * scale + -low * scale));
  });
}

/** Each channel with its values about equally often. */
export function equalised(image: Uint8Array, { channels }: ImageShape): Uint8Array {
  return byTable(image, channels, (counts) => {
    const present = counts.filter((count) => count > 0);
    const pixels = present.reduce((sum, count) => sum + count, 0);
    const step = Math.floor((pixels - present.at(-1)!) / 255);
    if (present.length <= 1 || step === 0) return undefined;
    let sum = Math.floor(step / 2);
    return Uint8Array.from(counts, (count) => {
      const value = Math.min(255, Math.floor(sum / step));
      sum += count;
      return value;
    });
  });
}
