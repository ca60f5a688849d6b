import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../core/errors.js';
import { images, takeImages, type LabeledImages } from '../core/images.js';
import { SeededStream } from '../core/rng.js';
import type { DatasetDefinition } from './contract.js';
import { findFolder } from './find-folder.js';
import { readNpz } from './npz.js';

/**
 * Kuzushiji-MNIST: cursive Japanese characters of 28 x 28, a public set close to MNIST in style, from its official
 * `kmnist-{train,test}-{imgs,labels}.npz`. Clanuwat et al. 2018, arXiv 1812.01718.
 *
 * Without the training files, the 10,000 test images stand for the whole: a fixed permutation takes four fifths of them for
 * training.
 */
export const kmnist: DatasetDefinition<'kmnist'> = {
  id: 'kmnist',
  title: 'Kuzushiji-MNIST characters, 60,000 + 10,000 or 8,000 + 2,000',
  licence: 'CC BY-SA 4.0',
  classes: ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo'],
  shape: { height: 28, width: 28, channels: 1 },
  public: true,
  async read(root) {
    const folder = findFolder('kmnist', root, 'kmnist-test-imgs.npz');
    const test = await readPart(folder, 'test');
    if (existsSync(join(folder, 'kmnist-train-imgs.npz'))) return { train: await readPart(folder, 'train'), test };
    const order = new SeededStream('kmnist').permutation(test.count);
    const cut = Math.floor(test.count * 0.8);
    return { train: takeImages(test, order.subarray(0, cut)), test: takeImages(test, order.subarray(cut)) };
  },
};

async function readPart(folder: string, part: 'train' | 'test'): Promise<LabeledImages> {
  const pixels = await readNpz(join(folder, `kmnist-${part}-imgs.npz`));
  const labels = await readNpz(join(folder, `kmnist-${part}-labels.npz`));
  const [count = 0, height = 0, width = 0] = pixels.shape;
  const { shape, classes } = kmnist;
  const fits = pixels.shape.length === 3 && height === shape.height && width === shape.width;
  if (!fits || labels.shape.length !== 1 || labels.shape[0] !== count)
    throw new DataError({
      asked: folder,
      wrong: 'images and labels do not belong together',
      got: [pixels.shape, labels.shape],
      expected: '[count, 28, 28] and [count]',
    });
  const strange = labels.data.find((label) => label >= classes.length);
  if (strange !== undefined)
    throw new DataError({ asked: folder, wrong: 'a label has no class', got: strange, expected: '0 to 9' });
  return { ...images(pixels.data, { count, height, width, channels: 1 }), labels: labels.data };
}
