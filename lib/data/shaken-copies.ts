import type { LabeledImages } from '../core/images.js';
import { SeededStream } from '../core/rng.js';

/** Largest turn, in radians, and largest move, as a share of the side. */
const [turn, move] = [0.2, 0.08];

/**
 * `copies` of each image, turned and moved a little by chance (the same for everybody), with black where nothing is; the first copy is
 * the image itself. Values between pixels are interpolated.
 */
export function shakenCopies(stacks: readonly LabeledImages[], copies: number): LabeledImages {
  const { height, width, channels } = stacks[0]!;
  const size = height * width * channels;
  const total = stacks.reduce((sum, { count }) => sum + count, 0) * copies;
  const data = new Uint8Array(total * size);
  const labels = new Uint8Array(total);
  const stream = new SeededStream('shaken copies');
  let at = 0;
  for (const stack of stacks)
    for (let row = 0; row < stack.count; row++)
      for (let copy = 0; copy < copies; copy++) {
        const image = stack.data.subarray(row * size, (row + 1) * size);
        labels[at] = stack.labels[row]!;
        const centred = () => 2 * stream.uniform() - 1;
        const shaking = { angle: centred() * turn, right: centred() * move * width, down: centred() * move * height };
        const shown = copy === 0 ? { angle: 0, right: 0, down: 0 } : shaking;
        data.set(shaken(image, { height, width, channels }, shown), at++ * size);
      }
  return { data, labels, count: total, height, width, channels };
}

function shaken(
  image: Uint8Array,
  { height, width, channels }: Pick<LabeledImages, 'height' | 'width' | 'channels'>,
  { angle, right, down }: { readonly angle: number; readonly right: number; readonly down: number },
): Uint8Array {
  const [cos, sin, middleX, middleY] = [Math.cos(angle), Math.sin(angle), (width - 1) / 2, (height - 1) / 2];
  const pixel = (x: number, y: number, c: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : image[(y * width + x) * channels + c]!;
  const result = new Uint8Array(image.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [x - right - middleX, y - down - middleY];
      const [fromX, fromY] = [cos * dx + sin * dy + middleX, cos * dy - sin * dx + middleY];
      const [x0, y0] = [Math.floor(fromX), Math.floor(fromY)];
      const [fx, fy] = [fromX - x0, fromY - y0];
      for (let c = 0; c < channels; c++) {
        const upper = pixel(x0, y0, c) * (1 - fx) + pixel(x0 + 1, y0, c) * fx;
        const lower = pixel(x0, y0 + 1, c) * (1 - fx) + pixel(x0 + 1, y0 + 1, c) * fx;
        result[(y * width + x) * channels + c] = Math.round(upper * (1 - fy) + lower * fy);
      }
    }
  return result;
}
