import { OptionError } from '../core/errors.js';
import { images as asImages, type Images, type LabeledImages } from '../core/images.js';
import type { NumpyArray } from './npz.js';

/** Pixels in [0, 1] with their shape: `[count, height, width, channels]`, or grey ones `[count, height, width]`. */
export interface FloatImages {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** How far pixels may lie outside [0, 1] before they are taken for another range. */
const slack = 0.05;

/**
 * Pixels in [0, 1] to bytes by truncation, floor(255 v) in single precision, as the reference does: of k / 255 it gives k again.
 * What lies a little outside is clipped.
 *
 * @param stepOf place of element `i` of the result in `values`, where their order differs.
 * @throws OptionError for NaN and for pixels that are clearly in another range, such as [-1, 1] or [0, 255].
 */
export function truncatedBytes(
  asked: string,
  values: ArrayLike<number>,
  stepOf: (i: number) => number = (i) => i,
): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < bytes.length; i++) {
    const value = values[stepOf(i)]!;
    if (!(value >= -slack && value <= 1 + slack))
      throw new OptionError({
        asked,
        wrong: 'a pixel is outside [0, 1]',
        got: value,
        expected: 'values from 0 (black) to 1 (white), or bytes',
        next: 'Bring the images into that range first.',
      });
    bytes[i] = Math.min(255, Math.max(0, Math.floor(Math.fround(Math.fround(value) * 255))));
  }
  return bytes;
}

/** Float images as bytes. */
export function floatImages(asked: string, { data, shape }: FloatImages): Images {
  const isList: boolean = Array.isArray(shape); // JavaScript may pass anything
  if (!isList || typeof data !== 'object' || data === null)
    throw new OptionError({ asked, wrong: 'these are no images', got: shape, expected: '{ data, shape } with floats' });
  const [count = 0, height = 0, width = 0, channels = 1] = shape;
  if ((shape.length !== 3 && shape.length !== 4) || data.length !== count * height * width * channels)
    throw new OptionError({
      asked,
      wrong: 'the values do not fill the shape',
      got: `${data.length} values for [${shape.join(', ')}]`,
      expected: '[count, height, width, channels]',
    });
  return asImages(truncatedBytes(asked, data), { count, height, width, channels }, asked);
}

/**
 * Images and labels from the arrays of an .npz file: `x` `[count, channels, height, width]` as the reference writes it, or with the
 * channels last, or grey ones without; floats in [0, 1] or bytes. `y` `[count]`, whole numbers, may be absent.
 */
export function numpyImages(asked: string, x: NumpyArray, y?: NumpyArray): Images | LabeledImages {
  const { count, height, width, channels, first } = layout(asked, x.shape);
  const pixels = height * width;
  // Place of pixel p, channel c of image i, whose channels come last, among values whose channels come first.
  const stepOf = (at: number) => {
    const [image, rest] = [Math.floor(at / (pixels * channels)), at % (pixels * channels)];
    return (image * channels + (rest % channels)) * pixels + Math.floor(rest / channels);
  };
  const order = first && channels > 1 ? stepOf : undefined;
  const bytes =
    x.type === '|u1' && x.data instanceof Uint8Array
      ? order === undefined
        ? x.data
        : Uint8Array.from(x.data, (_, i) => x.data[order(i)] as number)
      : truncatedBytes(asked, numbers(asked, 'x', x), order);
  const found = asImages(bytes, { count, height, width, channels }, asked);
  return y ? { ...found, labels: byteLabels(asked, numbers(asked, 'y', y), count) } : found;
}

function layout(asked: string, shape: readonly number[]) {
  const [count = 0, a = 0, b = 0, c = 0] = shape;
  if (shape.slice(1).includes(0)) throw noImages(asked, shape);
  const isColours = (length: number) => length === 1 || length === 3;
  if (shape.length === 3) return { count, height: a, width: b, channels: 1, first: false };
  if (shape.length === 4 && isColours(a)) return { count, height: b, width: c, channels: a, first: true };
  if (shape.length === 4 && isColours(c)) return { count, height: a, width: b, channels: c, first: false };
  throw noImages(asked, shape);
}

function noImages(asked: string, shape: readonly number[]): OptionError {
  return new OptionError({
    asked,
    wrong: 'the array x holds no images',
    got: `[${shape.join(', ')}]`,
    expected: '[count, channels, height, width] or [count, height, width, channels] with 1 or 3 channels',
  });
}

function numbers(asked: string, name: string, { data, type }: NumpyArray): ArrayLike<number> {
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) return data;
  if (name === 'y') return Array.from(data, Number);
  throw new OptionError({
    asked,
    wrong: `the array ${name} is of another type`,
    got: type,
    expected: 'floats or bytes',
  });
}

/** Labels as bytes: whole numbers from 0 to 255, one an image. */
export function byteLabels(asked: string, labels: ArrayLike<number>, count: number): Uint8Array {
  if (labels.length !== count)
    throw new OptionError({ asked, wrong: 'not one label an image', got: labels.length, expected: `${count} labels` });
  return Uint8Array.from(labels, (label) => {
    if (Number.isInteger(label) && label >= 0 && label <= 255) return label;
    throw new OptionError({
      asked,
      wrong: 'a label is no class',
      got: label,
      expected: 'a whole number from 0 to 255',
    });
  });
}
