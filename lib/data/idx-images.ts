import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../core/errors.js';
import { images, type LabeledImages } from '../core/images.js';
import { readIdx } from './idx.js';

/** Finds the folder of a dataset: `root`, else `DPBENCH_DATA`; throws with every place that was tried. */
export function findFolder(dataset: string, root: string | undefined, file: string): string {
  const given = root ?? process.env['DPBENCH_DATA'];
  const tried = given ? [join(given, dataset), given] : [];
  const found = tried.find((folder) => existsSync(join(folder, file)) || existsSync(join(folder, `${file}.gz`)));
  if (found) return found;
  throw new DataError({
    asked: dataset,
    wrong: tried.length === 0 ? 'no folder of data is set' : `${file} is in none of ${tried.join(', ')}`,
    expected: `the original files in ROOT/${dataset}`,
    next: "Set DPBENCH_DATA=ROOT or pass { root }; 'mnist-10k' needs no files.",
  });
}

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
