import { check } from '../core/check.js';
import type { LabeledImages } from '../core/images.js';
import { SeededStream } from '../core/rng.js';
import type { DatasetDefinition } from './contract.js';
import { drawGlyph } from './glyph-drawing.js';
import { glyphCharacters, glyphStrokes } from './glyph-strokes.js';

const shape = { height: 28, width: 28, channels: 1 };
/** Drawn once a process. */
let drawn: { train: LabeledImages; test: LabeledImages } | undefined;

/**
 * Rendered digits and letters in many hands: public by construction, the same for everybody, with nothing to download. They look like
 * MNIST's digits more than other public sets do, and no record of anybody is in them. The classes are the 61 characters.
 */
export const glyphs: DatasetDefinition<'glyphs'> = {
  id: 'glyphs',
  title: 'Rendered digits and letters, 12,200 + 2,440, made here',
  licence: 'none needed: drawn here from the Hershey fonts, which anyone may use for any purpose',
  classes: glyphCharacters,
  shape,
  public: true,
  read: () =>
    Promise.resolve(
      (drawn ??= {
        train: drawGlyphs({ ...shape, each: 200, part: 'train' }),
        test: drawGlyphs({ ...shape, each: 40, part: 'test' }),
      }),
    ),
};

/**
 * Grey images of the characters in any size, `each` of every one, character after character in turn.
 *
 * @param part names a set of hands: the same name gives the same images.
 * @throws OptionError for sizes that are no whole numbers above 0.
 * @example drawGlyphs({ height: 32, width: 32, each: 10, part: 'train' })   // 610 images
 */
export function drawGlyphs({
  height,
  width,
  each,
  part,
}: {
  readonly height: number;
  readonly width: number;
  readonly each: number;
  readonly part: string;
}): LabeledImages {
  check('count', 'drawGlyphs', { height, width, each });
  const stream = new SeededStream('glyphs').fork(part);
  const strokes = glyphCharacters.map(glyphStrokes);
  const count = each * strokes.length;
  const data = new Uint8Array(count * height * width);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % strokes.length);
  labels.forEach((label, i) => data.set(drawGlyph(strokes[label]!, { height, width }, stream), i * height * width));
  return { data, labels, count, height, width, channels: 1 };
}
