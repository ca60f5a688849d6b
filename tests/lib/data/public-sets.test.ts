import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { npz } from '../../../lib/bench/npz.js';
import { datasets } from '../../../lib/data/datasets.js';

/** A root with some files of a dataset. */
async function rootWith(dataset: string, files: Record<string, Uint8Array>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), `dpbench-${dataset}-`));
  await mkdir(join(root, dataset));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(root, dataset, name), bytes);
  return root;
}

describe('kmnist', () => {
  const imgs = (count: number, value: number) =>
    npz({ arr_0: { data: new Uint8Array(count * 784).fill(value), shape: [count, 28, 28] } });
  const labels = (data: Uint8Array) => npz({ arr_0: { data, shape: [data.length] } });
  const test = {
    'kmnist-test-imgs.npz': imgs(10, 7),
    'kmnist-test-labels.npz': labels(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)),
  };

  it('reads its official files', async () => {
    const train = {
      'kmnist-train-imgs.npz': imgs(2, 9),
      'kmnist-train-labels.npz': labels(Uint8Array.of(3, 5)),
    };
    const { images, classes } = await datasets.loadPublic('kmnist', {
      root: await rootWith('kmnist', { ...test, ...train }),
    });
    expect(images).toMatchObject({ count: 2, height: 28, width: 28, channels: 1, labels: Uint8Array.of(3, 5) });
    expect(new Set(images.data)).toEqual(new Set([9]));
    expect(classes).toHaveLength(10);
  });

  it('divides its test images where the training files are absent, each in one part', async () => {
    const { train, test: rest } = await datasets.describe('kmnist').read(await rootWith('kmnist', test));
    expect([train.count, rest.count]).toEqual([8, 2]);
    expect([...train.labels, ...rest.labels].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('refuses files that do not belong together', async () => {
    const load = async (files: Record<string, Uint8Array>) =>
      datasets.loadPublic('kmnist', { root: await rootWith('kmnist', { ...test, ...files }) });
    await expect(load({ 'kmnist-test-labels.npz': labels(Uint8Array.of(1)) })).rejects.toThrow(
      'images and labels do not belong together; got [[10,28,28],[1]], expected [count, 28, 28] and [count]',
    );
    const strange = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 10);
    await expect(load({ 'kmnist-test-labels.npz': labels(strange) })).rejects.toThrow(
      'a label has no class; got 10, expected 0 to 9',
    );
    await expect(load({ 'kmnist-test-imgs.npz': test['kmnist-test-imgs.npz'].subarray(0, 90) })).rejects.toThrow(
      'the archive cannot be read',
    );
  });
});

/** A drawing of 105 x 105 as a PNG of one bit: black where `pen` says, else white. */
function drawing(pen: (x: number, y: number) => boolean): Uint8Array {
  const data = new Uint8Array(105 * 14).fill(255);
  for (let y = 0; y < 105; y++)
    for (let x = 0; x < 105; x++) if (pen(x, y)) data[y * 14 + (x >> 3)]! &= ~(128 >> (x & 7));
  return encode({ width: 105, height: 105, depth: 1, channels: 1, data });
}

describe('omniglot', () => {
  const left = drawing((x) => x < 15); // 15 / 3.75: the first four columns of 28
  const blank = drawing(() => false);
  const first = {
    'images_background_small1/': new Uint8Array(),
    'images_background_small1/Greek/character01/0394_01.png': left,
    'images_background_small1/Early_Aramaic/character02/0201_16.png': blank,
  };
  const second = {
    'images_background_small2/Greek/character01/0394_01.png': left, // in both archives
    'images_background_small2/Japanese_(katakana)/character01/0500_15.png': blank,
  };
  const root = (one: Record<string, Uint8Array>, two: Record<string, Uint8Array>) =>
    rootWith('omniglot', {
      'images_background_small1.zip': zipSync(one),
      'images_background_small2.zip': zipSync(two),
    });

  it('reads its official files: alphabets as classes, white on black, people apart, no drawing twice', async () => {
    const { train, test } = await datasets.describe('omniglot').read(await root(first, second));
    const { classes } = datasets.describe('omniglot');
    expect([...train.labels].map((label) => classes[label])).toEqual(['Greek', 'Japanese (katakana)']);
    expect([...test.labels].map((label) => classes[label])).toEqual(['Early Aramaic']);
    const row = [255, 255, 255, 255, ...new Array<number>(24).fill(0)];
    expect([...train.data.subarray(0, 784)]).toEqual(Array.from({ length: 28 }, () => row).flat());
    expect(train.data.subarray(784).every((value) => value === 0)).toBe(true);
  });

  it('refuses other pictures, other alphabets and damage', async () => {
    const load = async (entry: Record<string, Uint8Array>) =>
      datasets.loadPublic('omniglot', { root: await root({ ...first, ...entry }, second) });
    const name = 'images_background_small1/Greek/character01/0394_02.png';
    const small = encode({ width: 8, height: 1, depth: 1, channels: 1, data: Uint8Array.of(255) });
    await expect(load({ [name]: small })).rejects.toThrow(
      'the picture is of another kind; got {"width":8,"height":1,"depth":1,"channels":1}, expected 105 x 105 pixels of one bit',
    );
    await expect(load({ [name]: blank.subarray(0, 60) })).rejects.toThrow('0394_02.png: not a PNG');
    await expect(load({ [name.replace('Greek', 'Klingon')]: blank })).rejects.toThrow(
      "an alphabet that is not in these archives; got 'Klingon', expected Balinese,",
    );
    const alone = await rootWith('omniglot', { 'images_background_small1.zip': zipSync(first) });
    await expect(datasets.loadPublic('omniglot', { root: alone })).rejects.toThrow('images_background_small2.zip');
  });
});

const data = process.env['DPBENCH_DATA'];
const real = (dataset: string) => data !== undefined && existsSync(join(data, dataset));

describe('the real files', () => {
  it.skipIf(!real('kmnist'))('of kmnist have 1,000 test images a class (needs DPBENCH_DATA)', async () => {
    const { train, test } = await datasets.describe('kmnist').read(undefined);
    const labels = test.count === 10_000 ? [...test.labels] : [...train.labels, ...test.labels];
    for (let label = 0; label < 10; label++) expect(labels.filter((each) => each === label)).toHaveLength(1000);
  });

  it.skipIf(!real('omniglot'))('of omniglot: 242 characters by 20 people (needs DPBENCH_DATA)', async () => {
    const { train, test } = await datasets.describe('omniglot').read(undefined);
    expect([train.count, test.count]).toEqual([3630, 1210]);
    const ink = train.data.reduce((sum, value) => sum + value, 0) / train.data.length / 255;
    expect(ink).toBeGreaterThan(0.02); // white strokes
    expect(ink).toBeLessThan(0.2); // on black
  });
});
