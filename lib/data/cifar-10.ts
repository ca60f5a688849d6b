import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../core/errors.js';
import type { LabeledImages } from '../core/images.js';
import type { DatasetDefinition } from './contract.js';
import { findFolder } from './find-folder.js';

const [pixels, channels] = [32 * 32, 3];
/** One byte for the label, then all red, all green and all blue values, row by row. */
const record = 1 + pixels * channels;

const batches = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`);
const testBatch = 'test_batch.bin';

const facts = {
  licence: 'none stated (research data set of the University of Toronto)',
  classes: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  shape: { height: 32, width: 32, channels },
  public: false,
} as const;

/** CIFAR-10: 50,000 + 10,000 small photographs of ten kinds of things, in the official binary version. Krizhevsky 2009. */
export const cifar10: DatasetDefinition<'cifar-10'> = {
  ...facts,
  id: 'cifar-10',
  title: 'CIFAR-10 photographs, 50,000 + 10,000',
  heldOut: 5000,
  async read(root) {
    const folder = findFolder('cifar-10', root, testBatch);
    for (const file of batches) {
      if (existsSync(join(folder, file))) continue;
      throw new DataError({
        asked: folder,
        wrong: 'a batch of the training images is absent',
        got: `no ${file}`,
        expected: batches.join(', '),
        next: "Some of the batches in a folder 'cifar-10-subset' are the dataset of that name.",
      });
    }
    return { train: await readBatches(folder, batches), test: await readBatches(folder, [testBatch]) };
  },
};

/**
 * Some of CIFAR-10 in the same layout: whichever of its five training batches are in the folder `cifar-10-subset`, of any length, and
 * its test batch. A dataset of its own, so that its scores are never taken for those of CIFAR-10.
 */
export const cifar10Subset: DatasetDefinition<'cifar-10-subset'> = {
  ...facts,
  id: 'cifar-10-subset',
  title: 'Some of the CIFAR-10 photographs, as many as its folder holds',
  recordsOf: 'cifar-10',
  async read(root) {
    const folder = findFolder('cifar-10-subset', root, testBatch);
    const there = batches.filter((file) => existsSync(join(folder, file)));
    if (there.length === 0)
      throw new DataError({
        asked: folder,
        wrong: 'there are no training images',
        expected: `at least one of ${batches.join(', ')}`,
      });
    return { train: await readBatches(folder, there), test: await readBatches(folder, [testBatch]) };
  },
};

/** @throws DataError for a file of parts of records, and for labels above 9. */
async function readBatches(folder: string, files: readonly string[]): Promise<LabeledImages> {
  const parts = await Promise.all(files.map((file) => readFile(join(folder, file))));
  parts.forEach((bytes, i) => {
    if (bytes.length > 0 && bytes.length % record === 0) return;
    throw new DataError({
      asked: join(folder, files[i]!),
      wrong: 'the file is cut or of another kind',
      got: `${bytes.length} bytes`,
      expected: `a multiple of ${record}: a label and 3,072 values for each image`,
    });
  });
  const bytes = Buffer.concat(parts);
  const count = bytes.length / record;
  const labels = Uint8Array.from({ length: count }, (_, i) => bytes[i * record]!);
  const strange = labels.find((label) => label >= facts.classes.length);
  if (strange !== undefined)
    throw new DataError({ asked: folder, wrong: 'a label has no class', got: strange, expected: '0 to 9' });
  const data = new Uint8Array(count * pixels * channels);
  for (let i = 0; i < count; i++)
    for (let channel = 0; channel < channels; channel++) {
      const from = i * record + 1 + channel * pixels;
      for (let pixel = 0; pixel < pixels; pixel++)
        data[(i * pixels + pixel) * channels + channel] = bytes[from + pixel]!;
    }
  return { data, labels, count, ...facts.shape };
}
