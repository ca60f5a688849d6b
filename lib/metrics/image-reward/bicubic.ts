import type { Images } from '../../core/images.js';

/** The bytes that make one byte of the result, along one axis. */
interface Taps {
  /** The first of them. */
  readonly first: number;
  /** Their weights in units of `2 ** -bits`. */
  readonly weights: readonly number[];
}

/** Weights are whole numbers of so many bits after the point. */
const bits = 22;

/**
 * Bicubic resizing to other sides, bit by bit as `Image.resize` of Pillow does it, which torchvision's `Resize` calls for an image: the
 * cubic with a = -1/2 (Keys 1981, eq. 4), made wider where the image shrinks so that nothing between the samples is lost; first
 * along the width, then along the height, with bytes between.
 *
 * @example const large = resizeBicubic(digits, { height: 224, width: 224 });
 */
export function resizeBicubic(images: Images, { height, width }: { height: number; width: number }): Images {
  const { count, channels } = images;
  const wide = alongAxis(images.data, count * images.height, images.width, width, channels);
  const data = alongAxis(wide, count, images.height, height, width * channels);
  return { data, count, height, width, channels };
}

/** `[outer, from, inner]` to `[outer, to, inner]`. */
function alongAxis(data: Uint8Array, outer: number, from: number, to: number, inner: number): Uint8Array {
  if (from === to) return data;
  const taps = Array.from({ length: to }, (_, at) => tapsAt(at, from, to));
  const result = new Uint8ClampedArray(outer * to * inner);
  for (let o = 0; o < outer; o++)
    for (let at = 0; at < to; at++) {
      const { first, weights } = taps[at]!;
      for (let i = 0; i < inner; i++) {
        let sum = 2 ** (bits - 1); // a half, so that the shift rounds
        for (let tap = 0, source = (o * from + first) * inner + i; tap < weights.length; tap++, source += inner)
          sum += data[source]! * weights[tap]!;
        result[(o * to + at) * inner + i] = sum >> bits;
      }
    }
  return new Uint8Array(result.buffer);
}

function tapsAt(at: number, from: number, to: number): Taps {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const centre = (at + 0.5) * scale;
  const first = Math.max(0, Math.trunc(centre - 2 * stretch + 0.5));
  const end = Math.min(from, Math.trunc(centre + 2 * stretch + 0.5));
  const values = Array.from({ length: end - first }, (_, i) => cubic((i + first - centre + 0.5) * (1 / stretch)));
  const total = values.reduce((sum, value) => sum + value, 0);
  return { first, weights: values.map((value) => awayFromZero((value / total) * 2 ** bits)) };
}

function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * -0.5;
  return 0;
}

/** The nearest whole number; of two, the one farther from zero. */
const awayFromZero = (value: number): number => Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
