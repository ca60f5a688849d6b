import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { npz } from '../../../lib/bench/npz.js';
import { readImageFiles } from '../../../lib/data/image-files.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'dpbench-images-'))));

const grey = { shape: { height: 2, width: 2, channels: 1 }, classes: ['cat', 'dog'] };
const coloured = { ...grey, shape: { ...grey.shape, channels: 3 } };

const picture = (data: readonly number[], width: number, height: number, channels: 1 | 3 | 4) =>
  sharp(Uint8Array.from(data), { raw: { width, height, channels } });

async function filled(name: string, files: Readonly<Record<string, Buffer>>): Promise<string> {
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(join(folder, name, path, '..'), { recursive: true });
    await writeFile(join(folder, name, path), bytes);
  }
  return join(folder, name);
}

describe('a folder of pictures', () => {
  it('has a subfolder for each class, by name or by number, and files in the order of their names', async () => {
    const png = (value: number) => picture(Array(4).fill(value), 2, 2, 1).png().toBuffer();
    const named = await filled('named', {
      'dog/b.png': await png(2),
      'dog/a.png': await png(1),
      'cat/x.png': await png(3),
      'cat/notes.txt': Buffer.from('no picture'),
    });
    const found = await readImageFiles(named, grey);
    expect(found).toMatchObject({ count: 3, height: 2, width: 2, channels: 1, labels: Uint8Array.of(0, 1, 1) });
    expect([...found.data]).toEqual([3, 3, 3, 3, 1, 1, 1, 1, 2, 2, 2, 2]);
    const numbered = await filled('numbered', { '1/a.png': await png(9) });
    expect(await readImageFiles(numbered, grey)).toMatchObject({ labels: Uint8Array.of(1) });
    const flat = await filled('flat', { 'a.png': await png(9) });
    expect(await readImageFiles(flat, grey)).not.toHaveProperty('labels');
  });

  it('is brought into the shape of the dataset: nearest pixel, luma, white behind transparent pixels', async () => {
    // 4 x 4 pixels 0 .. 15: torch.nn.functional.interpolate(x, (2, 2), mode='nearest') takes 0, 2, 8, 10
    const large = await picture(Array.from({ length: 16 }, (_, i) => i), 4, 4, 1).png().toBuffer(); // prettier-ignore
    const red = await picture([200, 0, 0, 0, 200, 0, 0, 0, 200, 255, 255, 255], 2, 2, 3).png().toBuffer();
    const clear = await picture([0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 255], 2, 2, 4).png().toBuffer();
    const path = await filled('shapes', { 'cat/a.png': large, 'cat/b.png': red, 'cat/c.png': clear });
    const found = await readImageFiles(path, grey);
    // 0.299 red, 0.587 green, 0.114 blue
    expect([...found.data]).toEqual([0, 2, 8, 10, 60, 117, 23, 255, 255, 0, 255, 0]);
    const inColour = await readImageFiles(path, coloured);
    expect([...inColour.data.subarray(0, 6), ...inColour.data.subarray(12, 18)]).toEqual([
      ...[0, 0, 0, 2, 2, 2],
      ...[200, 0, 0, 0, 200, 0],
    ]);
  });

  it('may hold JPEG', async () => {
    const jpeg = await picture(Array(12).fill(128), 2, 2, 3).jpeg().toBuffer();
    const { data } = await readImageFiles(await filled('jpeg', { 'cat/a.jpg': jpeg }), coloured);
    expect([...data].every((value) => Math.abs(value - 128) <= 2)).toBe(true);
  });

  it('is refused by name when it is empty, holds a damaged file or a folder that is no class', async () => {
    const empty = await filled('empty', { 'cat/readme.txt': Buffer.from('none') });
    await expect(readImageFiles(empty, grey)).rejects.toThrow(
      `${empty}: there are no images; expected files .png, .jpg, .jpeg, .webp.`,
    );
    const damaged = await filled('damaged', { 'cat/a.png': Buffer.from('no picture') });
    await expect(readImageFiles(damaged, grey)).rejects.toThrow('a.png cannot be read as an image: ');
    const other = await filled('other', { 'dogs/a.png': Buffer.from('') });
    await expect(readImageFiles(other, grey)).rejects.toThrow(
      `${other}: a subfolder is no class; got 'dogs', expected cat, dog. Did you mean 'dog'?`,
    );
    await expect(readImageFiles(join(folder, 'absent'), grey)).rejects.toThrow('there is no such file or folder');
  });
});

describe('an archive', () => {
  it('is read alone or from a result folder', async () => {
    const bytes = npz({
      x: { data: Float32Array.of(0, 1, 0.5, 0.25), shape: [1, 1, 2, 2] },
      y: { data: Int32Array.of(1), shape: [1] },
    });
    const result = await filled('result', { 'gen/gen.npz': Buffer.from(bytes) });
    for (const path of [result, join(result, 'gen', 'gen.npz')]) {
      const found = await readImageFiles(path, grey);
      expect(found).toMatchObject({ count: 1, data: Uint8Array.of(0, 255, 127, 63), labels: Uint8Array.of(1) });
    }
    const other = await filled('no-x', { 'a.npz': Buffer.from(npz({ z: { data: Uint8Array.of(1), shape: [1] } })) });
    await expect(readImageFiles(join(other, 'a.npz'), grey)).rejects.toThrow(
      'the archive has no images; expected an array x',
    );
  });
});
