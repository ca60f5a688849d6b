import { join } from 'node:path';
import { decode } from 'fast-png';
import { DataError } from '../core/errors.js';
import type { LabeledImages } from '../core/images.js';
import type { DatasetDefinition } from './contract.js';
import { findFolder } from './find-folder.js';
import { box, resize } from './resize.js';
import { readZip } from './zip.js';

const archives = ['images_background_small1.zip', 'images_background_small2.zip'];
/** A drawing: its alphabet, its character, and which of the 20 people drew it. */
const drawing = /^images_background_small[12]\/([^/]+)\/(character\d+\/\d+_(\d\d)\.png)$/;
const side = 105;

/**
 * Omniglot: handwritten characters of many alphabets, each drawn by 20 people, from the two small background archives
 * (Greek and Latin are in both and counted once). A class is an alphabet. Lake et al. 2015.
 *
 * The black strokes on white of 105 x 105 become white on black of 28 x 28, each pixel the mean over the 3.75 x 3.75 pixels that it
 * covers (`box`). The first 15 people are the training part, the last 5 the test part.
 */
export const omniglot: DatasetDefinition<'omniglot'> = {
  id: 'omniglot',
  title: 'Omniglot handwritten characters, 3,630 + 1,210',
  licence: 'MIT',
  classes: ['Balinese', 'Early Aramaic', 'Greek', 'Japanese (katakana)', 'Korean', 'Latin', 'Sanskrit', 'Tagalog'],
  shape: { height: 28, width: 28, channels: 1 },
  public: true,
  async read(root) {
    const folder = findFolder('omniglot', root, archives[0]!);
    const drawings = new Map<string, { label: number; person: number; pixels: Uint8Array }>();
    for (const archive of archives)
      for (const [name, png] of await readZip(join(folder, archive), (entry) => drawing.test(entry))) {
        const [, alphabet, rest, person] = drawing.exec(name)!;
        const label = omniglot.classes.indexOf(alphabet!.replaceAll('_', ' '));
        if (label < 0) throw unknownAlphabet(join(folder, archive), alphabet!);
        const asked = join(folder, archive, name);
        drawings.set(`${alphabet}/${rest}`, { label, person: Number(person), pixels: strokes(asked, png) });
      }
    const all = [...drawings.values()];
    const part = (kept: typeof all): LabeledImages => {
      const data = new Uint8Array(kept.length * side * side);
      kept.forEach(({ pixels }, i) => data.set(pixels, i * side * side));
      const labels = Uint8Array.from(kept, ({ label }) => label);
      return resize({ data, labels, count: kept.length, height: side, width: side, channels: 1 }, 28, 28, box);
    };
    return {
      train: part(all.filter(({ person }) => person <= 15)),
      test: part(all.filter(({ person }) => person > 15)),
    };
  },
};

/** The pixels of a drawing, 255 where the pen was. The files have one bit a pixel, 0 for the pen, each line filled up to bytes. */
function strokes(asked: string, png: Buffer): Uint8Array {
  const { width, height, depth, channels, data } = decoded(asked, png);
  if (width !== side || height !== side || depth !== 1 || channels !== 1)
    throw new DataError({
      asked,
      wrong: 'the picture is of another kind',
      got: { width, height, depth, channels },
      expected: `${side} x ${side} pixels of one bit`,
    });
  const bytesPerLine = Math.ceil(side / 8);
  const pixels = new Uint8Array(side * side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const white = (data[y * bytesPerLine + (x >> 3)]! >> (7 - (x & 7))) & 1;
      pixels[y * side + x] = white ? 0 : 255;
    }
  return pixels;
}

function decoded(asked: string, png: Buffer) {
  try {
    return decode(png, { checkCrc: true });
  } catch (cause) {
    throw new DataError({ asked, wrong: `not a PNG: ${(cause as Error).message}` }, { cause });
  }
}

const unknownAlphabet = (asked: string, alphabet: string) =>
  new DataError({
    asked,
    wrong: 'an alphabet that is not in these archives',
    got: alphabet,
    expected: omniglot.classes.join(', '),
  });
