import type { Images, LabeledImages } from '../core/images.js';
import { tf } from './tf.js';
import type { Tensor2D, Tensor4D } from './types.js';

/** Rows as a tensor with values in [0, 1]: `[end - start, height, width, channels]`. */
export function imageTensor(rows: Images, start = 0, end = rows.count): Tensor4D {
  const { height, width, channels } = rows;
  const size = height * width * channels;
  // A plain loop: Float32Array.from with a function takes some twenty times as long.
  const values = new Float32Array((end - start) * size);
  for (let i = 0; i < values.length; i++) values[i] = rows.data[start * size + i]! / 255;
  return tf.tensor4d(values, [end - start, height, width, channels]);
}

/**
 * Labels as rows of zeros with a single one: `[end - start, classes]`. A label that is no class gives zeros alone: it may not
 * reach into the row of another record.
 */
export function oneHotTensor(rows: LabeledImages, classes: number, start = 0, end = rows.count): Tensor2D {
  const values = new Float32Array((end - start) * classes);
  for (let row = start; row < end; row++) {
    const label = rows.labels[row]!;
    if (label < classes) values[(row - start) * classes + label] = 1;
  }
  return tf.tensor2d(values, [end - start, classes]);
}

/** Images in [0, 1] back to bytes. */
export async function imageBytes(images: Tensor4D): Promise<Images> {
  const [count, height, width, channels] = images.shape;
  const values = await images.data();
  const data = Uint8Array.from(values, (value) => Math.round(Math.min(1, Math.max(0, value)) * 255));
  return { data, count, height, width, channels };
}
