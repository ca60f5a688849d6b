import type { ImageShape } from '../../core/images.js';

/**
 * What the paper does to a released image: each pixel becomes the median of the 3 x 3 around it, beyond the border being the border
 * again; then, of grey images, five times a pixel less its four neighbours, beyond the border being the mirror, cut off at
 * black and white.
 */
export function filtered(image: Uint8Array, shape: ImageShape): Uint8Array {
  const smooth = medianOfNine(image, shape);
  return shape.channels === 1 ? sharper(smooth, shape) : smooth;
}

function medianOfNine(image: Uint8Array, { height, width, channels }: ImageShape): Uint8Array {
  const at = (x: number, y: number, c: number) => image[(inside(y, height) * width + inside(x, width)) * channels + c]!;
  return image.map((_, i) => {
    const [c, x, y] = [i % channels, Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    const nine = new Uint8Array(9);
    for (let k = 0; k < 9; k++) nine[k] = at(x + (k % 3) - 1, y + Math.floor(k / 3) - 1, c);
    return nine.sort()[4]!;
  });
}

function sharper(image: Uint8Array, { height, width }: ImageShape): Uint8Array {
  const at = (x: number, y: number) => image[mirrored(y, height) * width + mirrored(x, width)]!;
  return image.map((value, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return Math.min(255, Math.max(0, 5 * value - at(x - 1, y) - at(x + 1, y) - at(x, y - 1) - at(x, y + 1)));
  });
}

const inside = (place: number, side: number) => Math.min(side - 1, Math.max(0, place));

/** The border is the mirror and is not repeated: -1 is 1. */
const mirrored = (place: number, side: number) =>
  inside(place < 0 ? -place : place >= side ? 2 * side - 2 - place : place, side);
