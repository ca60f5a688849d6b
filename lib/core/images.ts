import { OptionError } from './errors.js';

/**
 * A stack of images as plain bytes: `data[((i * height + y) * width + x) * channels + c]`, 0 is black, 255 is white.
 * `channels` is 1 (grey) or 3 (red, green, blue).
 */
export interface Images {
  readonly data: Uint8Array; // [count, height, width, channels]
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Images with the class of each: `labels[i]` is an index into the class names of the dataset. */
export interface LabeledImages extends Images {
  readonly labels: Uint8Array; // [count], values 0 .. classes - 1
}

/** The shape of one image. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Checks that bytes and shape agree and gives them as `Images`; errors begin with `asked`. */
export function images(data: Uint8Array, shape: ImageShape & { count: number }, asked = 'images'): Images {
  const { count, height, width, channels } = shape;
  const expected = count * height * width * channels;
  if (data.length !== expected)
    throw new OptionError({
      asked,
      wrong: 'the bytes do not fill the shape',
      got: data.length,
      expected: `${expected} bytes for [${count}, ${height}, ${width}, ${channels}]`,
    });
  return { data, count, height, width, channels };
}

/** The images at some places, in that order. */
export function takeImages(from: LabeledImages, indices: ArrayLike<number>): LabeledImages;
export function takeImages(from: Images, indices: ArrayLike<number>): Images;
export function takeImages(from: Images | LabeledImages, indices: ArrayLike<number>): Images | LabeledImages {
  const { height, width, channels } = from;
  const size = height * width * channels;
  const count = indices.length;
  const data = new Uint8Array(count * size);
  for (let i = 0; i < count; i++) {
    const at = indices[i]! * size;
    data.set(from.data.subarray(at, at + size), i * size);
  }
  const taken = { data, count, height, width, channels };
  if (!('labels' in from)) return taken;
  return { ...taken, labels: Uint8Array.from({ length: count }, (_, i) => from.labels[indices[i]!]!) };
}

/** Labels 0, 0, …, 1, 1, … : `count` of them, as even as the number of classes allows, in class order. */
export function evenLabels(count: number, classes: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => Math.floor((i * classes) / count));
}
