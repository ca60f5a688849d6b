import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../core/errors.js';
import { images, type LabeledImages } from '../core/images.js';
import { readIdx } from './idx.js';

/** Images and labels from the four files of MNIST and its look-alikes, gzipped or not. */
export async function readIdxImages(folder: string, part: 'train' | 't10k'): Promise<LabeledImages> {
  const path = (name: string) => {
    const plain = join(folder, `${part}-${name}`);
    return existsSync(plain) ? plain : `${plain}.gz`;
  };
  const pixels = await readIdx(path('images-idx3-ubyte'));
  const labels = await readIdx(path('labels-idx1-ubyte'));
  const [count = 0, height = 0, width = 0] = pixels.shape;
  if (pixels.shape.length !== 3 || labels.shape.length !== 1 || labels.shape[0] !== count)
    throw new DataError({
      asked: folder,
      wrong: 'images and labels do not belong together',
      got: [pixels.shape, labels.shape],
      expected: '[count, height, width] and [count]',
    });
  return { ...images(pixels.data, { count, height, width, channels: 1 }), labels: labels.data };
}
