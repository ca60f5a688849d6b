import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { DataError, OptionError } from '../core/errors.js';
import type { ImageShape, Images, LabeledImages } from '../core/images.js';
import { didYouMean } from '../core/nearest.js';
import { numpyImages } from './image-arrays.js';
import { readArrays } from './npz.js';
import { nearestPixel } from './resize.js';
import { inShape } from './shape-of-images.js';

const extensions = ['.png', '.jpg', '.jpeg', '.webp'];

/**
 * Images from a file or a folder that somebody's generator wrote:
 * - an .npz file with `x` and `y` as the reference writes it (`gen/gen.npz`), or a result folder of dpbench that holds one;
 * - a folder of PNG, JPEG or WebP files, whose subfolders, if there are any, are the classes: by name, or by number.
 *
 * @param wanted Shape and class names of the dataset: files of a folder are brought into that shape one by one.
 * @throws DataError when there are no images or they cannot be read, OptionError for a folder that is no class.
 */
export async function readImageFiles(
  path: string,
  wanted: { readonly shape: ImageShape; readonly classes: readonly string[] },
): Promise<Images | LabeledImages> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new DataError({ asked: path, wrong: 'there is no such file or folder' });
  if (!found.isDirectory()) return readGenerated(path);
  const generated = join(path, 'gen', 'gen.npz');
  if (await stat(generated).catch(() => undefined)) return readGenerated(generated);
  return readFolder(path, wanted);
}

async function readGenerated(file: string): Promise<Images | LabeledImages> {
  const { x, y } = await readArrays(file, {
    x: ['<f4', '<f8', '|u1'],
    y: ['|u1', '|i1', '<i2', '<u2', '<i4', '<u4', '<i8', '<u8'],
  });
  if (x) return numpyImages(file, x, y);
  throw new DataError({
    asked: file,
    wrong: 'the archive has no images',
    expected: 'an array x [count, channels, height, width] and labels y [count]',
  });
}

async function readFolder(
  folder: string,
  { shape, classes }: { shape: ImageShape; classes: readonly string[] },
): Promise<Images | LabeledImages> {
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  const labelled = folders.length > 0;
  const files: { path: string; label: number }[] = [];
  for (const name of labelled ? folders.sort() : ['.']) {
    const label = labelled ? classOf(folder, name, classes) : 0;
    const inside = (await readdir(join(folder, name))).filter(isImage).sort();
    files.push(...inside.map((file) => ({ path: join(folder, name, file), label })));
  }
  if (files.length === 0)
    throw new DataError({ asked: folder, wrong: 'there are no images', expected: `files ${extensions.join(', ')}` });
  const { height, width, channels } = shape;
  const size = height * width * channels;
  const data = new Uint8Array(files.length * size);
  for (const [i, { path }] of files.entries())
    data.set(inShape(await readImage(path, channels), shape, nearestPixel).data, i * size);
  const found = { data, count: files.length, height, width, channels };
  return labelled ? { ...found, labels: Uint8Array.from(files, ({ label }) => label) } : found;
}

const isImage = (name: string) => extensions.includes(extname(name).toLowerCase());

function classOf(folder: string, name: string, classes: readonly string[]): number {
  const named = classes.indexOf(name);
  if (named >= 0) return named;
  if (/^\d+$/.test(name) && Number(name) < classes.length) return Number(name);
  throw new OptionError({
    asked: folder,
    wrong: 'a subfolder is no class',
    got: name,
    expected: classes.join(', '),
    next: didYouMean(name, classes) || undefined,
  });
}

/** One picture with 1 or 3 channels; transparent pixels are laid on white. */
async function readImage(path: string, channels: number): Promise<Images> {
  const { default: sharp } = await import('sharp');
  try {
    const picture = sharp(await readFile(path)).flatten({ background: '#ffffff' });
    const coloured = channels === 1 ? picture : picture.toColourspace('srgb');
    const { data, info } = await coloured.raw().toBuffer({ resolveWithObject: true });
    const kept = info.channels === 3 ? 3 : 1; // grey with an alpha channel has lost it on white
    return { data: new Uint8Array(data), count: 1, height: info.height, width: info.width, channels: kept };
  } catch (cause) {
    throw new DataError(
      { asked: path, wrong: `${basename(path)} cannot be read as an image: ${(cause as Error).message}` },
      { cause },
    );
  }
}
