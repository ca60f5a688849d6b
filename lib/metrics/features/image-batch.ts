import type { Images } from '../../core/images.js';

/** Neighbouring images as images of their own, without a copy of their bytes. */
export function imageBatch({ data, height, width, channels }: Images, start: number, count: number): Images {
  const size = height * width * channels;
  return { data: data.subarray(start * size, (start + count) * size), count, height, width, channels };
}
