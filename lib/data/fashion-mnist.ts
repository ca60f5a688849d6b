import { findFolder } from './find-folder.js';
import { readIdxImages } from './idx-images.js';
import type { DatasetDefinition } from './contract.js';

/** Fashion-MNIST: 60,000 + 10,000 pictures of clothes of 28 x 28, from its four IDX files. Xiao et al. 2017. */
export const fashionMnist: DatasetDefinition<'fashion-mnist'> = {
  id: 'fashion-mnist',
  title: 'Fashion-MNIST clothes, 60,000 + 10,000',
  licence: 'MIT',
  classes: ['T-shirt', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
  shape: { height: 28, width: 28, channels: 1 },
  public: false,
  heldOut: 5000,
  async read(root) {
    const folder = findFolder('fashion-mnist', root, 'train-images-idx3-ubyte');
    return { train: await readIdxImages(folder, 'train'), test: await readIdxImages(folder, 't10k') };
  },
};
