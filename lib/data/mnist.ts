import { findFolder } from './find-folder.js';
import { readIdxImages } from './idx-images.js';
import type { DatasetDefinition } from './contract.js';

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** MNIST: 60,000 + 10,000 handwritten digits of 28 x 28, from its four original IDX files. LeCun et al. 1998. */
export const mnist: DatasetDefinition<'mnist'> = {
  id: 'mnist',
  title: 'MNIST handwritten digits, 60,000 + 10,000',
  licence: 'CC BY-SA 3.0',
  classes: digits,
  shape: { height: 28, width: 28, channels: 1 },
  public: false,
  heldOut: 5000,
  async read(root) {
    const folder = findFolder('mnist', root, 'train-images-idx3-ubyte');
    return { train: await readIdxImages(folder, 'train'), test: await readIdxImages(folder, 't10k') };
  },
};
