import { describe, expect, it } from 'vitest';
import { takeImages } from '../../../lib/core/images.js';
import { SeededStream } from '../../../lib/core/rng.js';
import { datasets } from '../../../lib/data/datasets.js';
import { drawGlyph } from '../../../lib/data/glyph-drawing.js';
import { capitalHeight, glyphCharacters, glyphStrokes } from '../../../lib/data/glyph-strokes.js';
import { drawGlyphs } from '../../../lib/data/glyphs.js';

describe('strokes of characters', () => {
  it('are those of the font, about the middle of what is drawn, y down', () => {
    // Roman Simplex 707: 7MYQMQX... '7' is a slanted line from the upper right and a bar at the top.
    const [slanted, bar] = glyphStrokes('7');
    expect(bar).toEqual([
      [-7, -capitalHeight / 2],
      [7, -capitalHeight / 2],
    ]);
    expect(slanted).toEqual([
      [7, -capitalHeight / 2],
      [-3, capitalHeight / 2],
    ]);
  });

  it('differ for all 61 characters', () => {
    expect(new Set(glyphCharacters.map((character) => JSON.stringify(glyphStrokes(character)))).size).toBe(61);
    expect(glyphCharacters.every((character) => glyphStrokes(character).length > 0)).toBe(true);
  });
});

describe('a drawn glyph', () => {
  const ink = (bytes: Uint8Array) => bytes.reduce((sum, value) => sum + value, 0) / 255;

  it('lies inside the image, whatever the hand, in any size', () => {
    for (const size of [
      { height: 28, width: 28 },
      { height: 64, width: 40 },
      { height: 16, width: 16 },
    ])
      for (const character of glyphCharacters) {
        const bytes = drawGlyph(glyphStrokes(character), size, new SeededStream(character));
        expect(bytes).toHaveLength(size.height * size.width);
        expect(Math.max(...bytes), character).toBeGreaterThan(200);
        const side = Math.min(size.height, size.width);
        const part = ink(bytes) / side ** 2;
        expect(part, character).toBeGreaterThan(0.02);
        expect(part, character).toBeLessThan(0.4);
        const border = Array.from({ length: size.width }, (_, x) => bytes[x]! + bytes.at(-1 - x)!);
        expect(Math.max(...border), character).toBe(0);
      }
  });

  it('is in another hand each time', () => {
    const stream = new SeededStream(1);
    const hands = Array.from({ length: 20 }, () => drawGlyph(glyphStrokes('8'), { height: 28, width: 28 }, stream));
    const inks = hands.map(ink);
    expect(Math.max(...inks)).toBeGreaterThan(1.5 * Math.min(...inks)); // thickness
    expect(new Set(hands.map(String)).size).toBe(20);
  });
});

describe('the dataset glyphs', () => {
  it('has each character equally often, in any size, always the same', async () => {
    const { images, classes } = await datasets.loadPublic('glyphs');
    expect(classes).toEqual(glyphCharacters);
    for (let label = 0; label < 61; label++) expect(images.labels.filter((each) => each === label)).toHaveLength(200);
    const again = drawGlyphs({ height: 28, width: 28, each: 2, part: 'train' });
    expect(
      takeImages(
        images,
        Array.from({ length: 122 }, (_, i) => i),
      ),
    ).toEqual(again);
    expect(drawGlyphs({ height: 28, width: 28, each: 2, part: 'test' }).data).not.toEqual(again.data);
    expect(drawGlyphs({ height: 20, width: 36, each: 1, part: 'x' })).toMatchObject({
      count: 61,
      height: 20,
      width: 36,
    });
    expect(() => drawGlyphs({ height: 28, width: 0, each: 1, part: 'x' })).toThrow(
      'drawGlyphs: width is out of range; got 0',
    );
  });

  it('can be told apart: the nearest mean of the classes is right for most digits', async () => {
    const { train, test } = await datasets.describe('glyphs').read(undefined);
    const means = Array.from({ length: 10 }, () => new Float64Array(784));
    for (let i = 0; i < train.count; i++) {
      const mean = means[train.labels[i]!];
      if (mean) for (let p = 0; p < 784; p++) mean[p]! += train.data[i * 784 + p]! / 200;
    }
    const digits = Array.from(test.labels.keys()).filter((row) => test.labels[row]! < 10);
    const distance = (row: number, mean: Float64Array) =>
      mean.reduce((sum, value, p) => sum + (value - test.data[row * 784 + p]!) ** 2, 0);
    const right = digits.filter((row) => {
      const distances = means.map((mean) => distance(row, mean));
      return distances.indexOf(Math.min(...distances)) === test.labels[row];
    });
    expect(right.length / digits.length).toBeGreaterThan(0.7); // by chance 0.1
  });
});

it('noise has no order: pixels and labels by chance, each in all its range', async () => {
  const { images, classes } = await datasets.loadPublic('noise');
  expect([images.count, classes.length]).toEqual([10_000, 10]);
  const values = new Float64Array(256);
  for (const value of images.data) values[value]!++;
  // 7.84 million values: 30,625 each, deviation 175.
  for (const count of values) expect(Math.abs(count - 30_625)).toBeLessThan(6 * 175);
  const byLabel = new Float64Array(10);
  const sums = new Float64Array(10);
  images.labels.forEach((label, i) => {
    byLabel[label]!++;
    for (let p = 0; p < 784; p++) sums[label]! += images.data[i * 784 + p]!;
  });
  // Means over some 784,000 pixels of deviation 74 each.
  for (let label = 0; label < 10; label++) {
    expect(Math.abs(byLabel[label]! - 1000)).toBeLessThan(6 * 30);
    expect(Math.abs(sums[label]! / byLabel[label]! / 784 - 127.5)).toBeLessThan(6 * 0.084);
  }
});
