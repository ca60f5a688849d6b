import type { Images } from '../core/images.js';

/** What an output pixel takes of a line of input pixels: `weights[i]` of pixel `first + i`. They sum to 1. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

export type Filter = (from: number, to: number) => readonly Taps[];

/**
 * Linear interpolation with half-pixel centres: output pixel i lies at (i + 1/2) from / to - 1/2 among the input's; beyond the
 * edge the edge pixel is repeated. No smoothing before shrinking, as in PyTorch's `interpolate(mode='bilinear',
 * align_corners=False)`.
 */
export const bilinear: Filter = (from, to) =>
  Array.from({ length: to }, (_, i) => {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    const first = Math.min(Math.floor(at), Math.max(from - 2, 0));
    return from === 1 ? { first, weights: [1] } : { first, weights: [1 - (at - first), at - first] };
  });

/** The pixel that an output pixel's upper left corner falls into, as PyTorch's `interpolate(mode='nearest')` takes it. */
export const nearestPixel: Filter = (from, to) =>
  Array.from({ length: to }, (_, i) => ({
    first: Math.min(from - 1, Math.floor(Math.fround(i * Math.fround(from / to)))), // in single precision, as there
    weights: [1],
  }));

/** The mean over the area that an output pixel covers, parts of pixels counted as parts: for shrinking. */
export const box: Filter = (from, to) =>
  Array.from({ length: to }, (_, i) => {
    const [start, end] = [(i * from) / to, ((i + 1) * from) / to];
    const first = Math.floor(start);
    const covered = (pixel: number) => Math.min(end, pixel + 1) - Math.max(start, pixel);
    const count = Math.ceil(end - 1e-9) - first;
    return { first, weights: Array.from({ length: count }, (_, j) => (covered(first + j) * to) / from) };
  });

/** Images of another size, each line and then each column by the same filter, rounded to bytes at the end. */
export function resize<T extends Images>(images: T, height: number, width: number, filter: Filter): T {
  if (images.height === height && images.width === width) return images;
  const { count, channels } = images;
  const [rows, columns] = [filter(images.height, height), filter(images.width, width)];
  const data = new Uint8Array(count * height * width * channels);
  const line = new Float64Array(images.height * width * channels); // one image, its width changed
  for (let i = 0; i < count; i++) {
    const source = images.data.subarray(i * images.height * images.width * channels);
    for (let y = 0; y < images.height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < channels; c++)
          line[(y * width + x) * channels + c] = weigh(source, y * images.width * channels + c, columns[x]!, channels);
    const stride = width * channels;
    for (let y = 0; y < height; y++)
      for (let at = 0; at < stride; at++)
        data[(i * height + y) * stride + at] = Math.round(weigh(line, at, rows[y]!, stride));
  }
  return { ...images, data, height, width };
}

function weigh(values: ArrayLike<number>, offset: number, { first, weights }: Taps, stride: number): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * values[offset + (first + i) * stride]!;
  return sum;
}
