import type { Images, ImageShape } from '../core/images.js';
import { bilinear, resize, type Filter } from './resize.js';

/**
 * Images in another shape: resized (by `filter`), then made grey by luma (0.299 red + 0.587 green + 0.114 blue, ITU-R BT.601,
 * as Pillow does) or given three equal channels. What has the shape already comes back as it is.
 *
 * @example inShape(images, { height: 32, width: 32, channels: 3 })   // CIFAR's shape
 */
export function inShape<T extends Images>(
  images: T,
  { height, width, channels }: ImageShape,
  filter: Filter = bilinear,
): T {
  const sized = resize(images, height, width, filter);
  if (sized.channels === channels) return sized;
  const pixels = sized.count * height * width;
  const data = new Uint8Array(pixels * channels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const [red, green = 0, blue = 0] = sized.data.subarray(pixel * sized.channels, (pixel + 1) * sized.channels);
    const grey = sized.channels === 1 ? red! : Math.round(0.299 * red! + 0.587 * green + 0.114 * blue);
    data.fill(grey, pixel * channels, (pixel + 1) * channels);
  }
  return { ...sized, data, channels };
}
