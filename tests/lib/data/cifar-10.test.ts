import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { datasets } from '../../../lib/data/datasets.js';

async function rootWith(dataset: string, files: Record<string, Uint8Array>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'dpbench-cifar-'));
  await mkdir(join(root, dataset));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(root, dataset, name), bytes);
  return root;
}

/** Records in the binary layout (https://www.cs.toronto.edu/~kriz/cifar.html): label, 1,024 red, 1,024 green, 1,024 blue. */
function batch(...labels: number[]): Uint8Array {
  const bytes = new Uint8Array(labels.length * 3073);
  labels.forEach((label, i) => {
    bytes[i * 3073] = label;
    for (let channel = 0; channel < 3; channel++)
      for (let pixel = 0; pixel < 1024; pixel++)
        bytes[i * 3073 + 1 + channel * 1024 + pixel] = 10 * label + channel + (pixel === 33 ? 100 : 0);
  });
  return bytes;
}

const five = Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`data_batch_${i}.bin`, batch(i, i - 1)]));

describe('cifar-10', () => {
  it('reads its five batches in their order, colours last', async () => {
    const root = await rootWith('cifar-10', { ...five, 'test_batch.bin': batch(9) });
    const { train, test } = await datasets.describe('cifar-10').read(root);
    expect(train).toMatchObject({ count: 10, height: 32, width: 32, channels: 3 });
    expect([...train.labels]).toEqual([1, 0, 2, 1, 3, 2, 4, 3, 5, 4]);
    expect([...test.labels]).toEqual([9]);
    const image = train.data.subarray(2 * 3072, 3 * 3072); // label 2
    expect([...image.subarray(0, 6)]).toEqual([20, 21, 22, 20, 21, 22]);
    const marked = (1 * 32 + 1) * 3; // pixel 33: second row, second column
    expect([...image.subarray(marked, marked + 3)]).toEqual([120, 121, 122]);
    expect(image.filter((value) => value >= 100)).toHaveLength(3);
  });

  it('refuses a part of itself, which is a dataset of its own', async () => {
    const files = { 'data_batch_2.bin': batch(3, 4), 'test_batch.bin': batch(1) };
    await expect(datasets.load('cifar-10', { root: await rootWith('cifar-10', files) })).rejects.toThrow(
      "a batch of the training images is absent; got 'no data_batch_1.bin', expected data_batch_1.bin, data_batch_2.bin",
    );
    const { train, test } = await datasets.load('cifar-10-subset', { root: await rootWith('cifar-10-subset', files) });
    expect([train.size, test.size]).toEqual([2, 1]);
    const none = await rootWith('cifar-10-subset', { 'test_batch.bin': batch(1) });
    await expect(datasets.load('cifar-10-subset', { root: none })).rejects.toThrow(
      'there are no training images; expected at least one of data_batch_1.bin',
    );
    expect(datasets.sameRecords('cifar-10', 'cifar-10-subset')).toBe(true);
  });

  it('refuses damage', async () => {
    const load = async (test: Uint8Array) =>
      datasets.load('cifar-10', { root: await rootWith('cifar-10', { ...five, 'test_batch.bin': test }) });
    await expect(load(batch(1).subarray(0, 3000))).rejects.toThrow(
      "test_batch.bin: the file is cut or of another kind; got '3000 bytes', expected a multiple of 3073",
    );
    await expect(load(new Uint8Array())).rejects.toThrow("got '0 bytes'");
    await expect(load(batch(1, 10))).rejects.toThrow('a label has no class; got 10, expected 0 to 9');
    await expect(datasets.load('cifar-10', { root: '/nowhere' })).rejects.toThrow('test_batch.bin is in none of');
  });
});

const data = process.env['DPBENCH_DATA'];
const real = data !== undefined && existsSync(join(data, 'cifar-10-subset'));

it.skipIf(!real)('the real subset: 2,000 and 1,000 photographs, brighter at the top (needs DPBENCH_DATA)', async () => {
  const { train, test } = await datasets.describe('cifar-10-subset').read(undefined);
  expect([train.count, test.count]).toEqual([2000, 1000]);
  expect(new Set(train.labels).size).toBe(10);
  // Skies: the upper rows are brighter and bluer than the lower ones.
  const mean = (from: number, channel: number) => {
    let sum = 0;
    for (let i = 0; i < train.count; i++)
      for (let pixel = from; pixel < from + 256; pixel++) sum += train.data[(i * 1024 + pixel) * 3 + channel]!;
    return sum / (train.count * 256);
  };
  expect(mean(0, 1)).toBeGreaterThan(mean(768, 1) + 5);
  expect(mean(0, 2) - mean(0, 0)).toBeGreaterThan(mean(768, 2) - mean(768, 0) + 5);
});
