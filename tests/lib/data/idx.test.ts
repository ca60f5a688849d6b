import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { readIdxImages } from '../../../lib/data/idx-images.js';
import { readIdx } from '../../../lib/data/idx.js';
import { datasets } from '../../../lib/data/datasets.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'dpbench-idx-'))));

const file = async (name: string, bytes: Uint8Array): Promise<string> => {
  await writeFile(join(folder, name), bytes);
  return join(folder, name);
};

/** Two images of 1 x 2 with bytes 1 2 | 3 4. */
const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4);
const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9);

describe('IDX files', () => {
  it('are read plain and gzipped', async () => {
    const expected = { shape: [2, 1, 2], data: Uint8Array.of(1, 2, 3, 4) };
    for (const path of [await file('plain', images), await file('packed.gz', gzipSync(images))]) {
      const { shape, data } = await readIdx(path);
      expect({ shape, data: Uint8Array.from(data) }).toEqual(expected);
    }
  });

  it('that are cut, damaged or something else are refused', async () => {
    await expect(readIdx(await file('cut', images.subarray(0, 18)))).rejects.toThrow(
      'the file is cut or too long; got 2, expected 4 bytes for [2, 1, 2]',
    );
    await expect(readIdx(await file('text', Buffer.from('<html>no</html>')))).rejects.toThrow(
      'not an IDX file of bytes',
    );
    const halfGzip = gzipSync(Buffer.alloc(5000, 'abc')).subarray(0, 30);
    await expect(readIdx(await file('half.gz', halfGzip))).rejects.toThrow('the gzip stream is damaged; got');
    await expect(readIdx(await file('empty', new Uint8Array()))).rejects.toThrow('not an IDX file');
  });

  it('are joined with their labels, and refused when they do not belong together', async () => {
    await file('train-images-idx3-ubyte', images);
    await file('train-labels-idx1-ubyte', labels);
    expect(await readIdxImages(folder, 'train')).toMatchObject({ count: 2, height: 1, width: 2, channels: 1 });
    await file('t10k-images-idx3-ubyte', images);
    await file('t10k-labels-idx1-ubyte', Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7));
    await expect(readIdxImages(folder, 't10k')).rejects.toThrow('images and labels do not belong together');
  });
});

describe('datasets', () => {
  it('name the places where files were looked for and the one that needs none', async () => {
    await expect(datasets.load('mnist', { root: '/nowhere' })).rejects.toThrow(
      /train-images-idx3-ubyte is in none of .*nowhere.*mnist-10k/,
    );
  });

  it('refuse unknown names and options with the nearest', async () => {
    await expect(datasets.load('mnsit')).rejects.toThrow("Did you mean 'mnist'");
    await expect(datasets.load('mnist-10k', { limt: 3 } as object)).rejects.toThrow("Did you mean 'limit'?");
    await expect(datasets.load('mnist-10k', { limit: 0 })).rejects.toThrow('limit is out of range; got 0');
  });

  it('never hand out private rows as public', async () => {
    await expect(datasets.loadPublic('mnist')).rejects.toThrow('the dataset is private');
  });

  it('draw a limit by seed', async () => {
    const { images: all } = await datasets.loadPublic('mnist-10k');
    const { images: some } = await datasets.loadPublic('mnist-10k', { limit: 5, seed: 1 });
    const { images: others } = await datasets.loadPublic('mnist-10k', { limit: 5, seed: 2 });
    expect([all.count, some.count]).toEqual([8000, 5]);
    expect(some.data).not.toEqual(others.data);
  });
});
