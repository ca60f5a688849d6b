import type { ImageShape } from '../../core/images.js';

/** Where each pixel comes from: `x' = a x + b y + c`, `y' = d x + e y + f`, of the middles of pixels. */
export type AffineMap = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** Sixteen bits behind the point, as Pillow counts. */
const one = 1 << 16;
const fixed = (value: number) => Math.floor(value * one + 0.5);

/**
 * An image seen through an affine map, by the nearest pixel, with black where the map leaves it: `Image.transform` of Pillow with
 * `NEAREST`, in the same whole numbers.
 */
export function mapped(image: Uint8Array, { height, width, channels }: ImageShape, map: AffineMap): Uint8Array {
  const [a, b, c, d, e, f] = map;
  const [right, down] = [
    [fixed(a), fixed(d)],
    [fixed(b), fixed(e)],
  ] as const;
  const result = new Uint8Array(image.length);
  let [rowX, rowY] = [fixed(c + a / 2 + b / 2), fixed(f + d / 2 + e / 2)];
  for (let y = 0; y < height; y++) {
    let [fromX, fromY] = [rowX, rowY];
    for (let x = 0; x < width; x++) {
      const [column, row] = [Math.floor(fromX / one), Math.floor(fromY / one)];
      if (column >= 0 && column < width && row >= 0 && row < height)
        for (let channel = 0; channel < channels; channel++)
          result[(y * width + x) * channels + channel] = image[(row * width + column) * channels + channel]!;
      fromX += right[0];
      fromY += right[1];
    }
    rowX += down[0];
    rowY += down[1];
  }
  return result;
}

/** The map of a turn about the middle, anticlockwise, in degrees, as `Image.rotate` of Pillow makes it. */
export function turning(degrees: number, { height, width }: ImageShape): AffineMap {
  const angle = (-degrees * Math.PI) / 180;
  const round = (value: number) => Number(value.toFixed(15));
  const [cos, sin] = [round(Math.cos(angle)), round(Math.sin(angle))];
  const [middleX, middleY] = [width / 2, height / 2];
  // The middle stays where it is.
  return [cos, sin, middleX - cos * middleX - sin * middleY, -sin, cos, middleY + sin * middleX - cos * middleY];
}
