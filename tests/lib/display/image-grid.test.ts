import { decode } from 'fast-png';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { Diagnostic } from '../../../lib/core/diagnostic.js';
import { OptionError } from '../../../lib/core/errors.js';
import { images, type LabeledImages } from '../../../lib/core/images.js';
import { displaySymbol } from '../../../lib/core/mime.js';
import { grid } from '../../../lib/display/index.js';

/** `count` images of 2 x 2 pixels; image i has the grey value i everywhere. */
function flat(count: number, channels = 1): ReturnType<typeof images> {
  const size = 4 * channels;
  const data = Uint8Array.from({ length: count * size }, (_, i) => Math.floor(i / size));
  return images(data, { count, height: 2, width: 2, channels });
}

function labeled(labels: readonly number[]): LabeledImages {
  return { ...flat(labels.length), labels: Uint8Array.from(labels) };
}

/** The first eight of a digit in the `mnist` package: 28 * 28 values in [0, 1] each. */
function eightDigits(digit: number): number[] {
  const file = createRequire(import.meta.url).resolve(`mnist/src/digits/${digit}.json`);
  const { data } = JSON.parse(readFileSync(file, 'utf8')) as { data: number[] };
  return data.slice(0, 8 * 784).map((value) => Math.round(value * 255));
}

function pixels(png: string) {
  const { width, height, channels, data } = decode(Buffer.from(png, 'base64'));
  return { width, height, channels, at: (x: number, y: number) => data[(y * width + x) * channels]! };
}

describe('grid', () => {
  it('puts the images in their order, magnified, two pixels apart', () => {
    const { width, height, channels, at } = pixels(grid(flat(5), { columns: 3, scale: 4 }).png);
    // Two pixels at each side of cells of 2 * 4 pixels: 2 + 3 * (8 + 2) wide, 2 + 2 * (8 + 2) high.
    expect([width, height, channels]).toEqual([32, 22, 1]);
    expect([at(2, 2), at(9, 9), at(12, 2), at(22, 2), at(2, 12), at(12, 12)]).toEqual([0, 0, 1, 2, 3, 4]);
    expect([at(0, 0), at(10, 2), at(22, 12)]).toEqual([255, 255, 255]);
  });

  it('keeps each pixel where it was', () => {
    const four = images(Uint8Array.from([10, 20, 30, 40]), { count: 1, height: 2, width: 2, channels: 1 });
    const { at } = pixels(grid(four, { scale: 3 }).png);
    expect([at(2, 2), at(4, 4), at(5, 2), at(2, 5), at(7, 7)]).toEqual([10, 10, 20, 30, 40]);
  });

  it('keeps the colours', () => {
    const red = images(Uint8Array.from([200, 20, 30]), { count: 1, height: 1, width: 1, channels: 3 });
    const { data, channels, width } = decode(Buffer.from(grid(red, { scale: 1 }).png, 'base64'));
    expect(channels).toBe(3);
    expect([...data.subarray((2 * width + 2) * 3, (2 * width + 3) * 3)]).toEqual([200, 20, 30]);
  });

  it('draws one row a class, named, with the columns that were asked for', async () => {
    const made = grid(labeled([1, 0, 1, 0, 1]), { columns: 2, scale: 8, labels: ['cat', 'dog'] });
    const bundle = await made[displaySymbol]();
    expect(bundle['text/plain']).toBe('Grid of 4 of 5 grey images, 2 x 2 pixels, by class: cat, dog');
    const { width, height, at } = pixels(made.png);
    // Margin: three letters of 6 pixels less the last gap, twice as large, and 10 pixels of room.
    const margin = 17 * 2 + 10;
    expect([width, height]).toEqual([margin + 2 * 18, 2 + 2 * 20]);
    expect([at(margin, 2), at(margin + 18, 2), at(margin, 22), at(margin + 18, 22)]).toEqual([1, 3, 0, 2]);
    const dark = Array.from({ length: margin * height }, (_, i) => at(i % margin, Math.floor(i / margin)));
    expect(dark.filter((value) => value === 40).length).toBeGreaterThan(100);
  });

  it('numbers the classes when no names are given, and leaves them out when asked', () => {
    expect(String(grid(labeled([3, 1])))).toContain('by class: 1, 3');
    expect(String(grid(labeled([3, 1]), { labels: false }))).toBe('Grid of 2 grey images, 2 x 2 pixels');
  });

  it('draws at most `limit` images and says so', () => {
    expect(String(grid(flat(250)))).toBe('Grid of 100 of 250 grey images, 2 x 2 pixels');
    expect(String(grid(flat(250), { limit: 7 }))).toContain('7 of 250');
  });

  it('draws private rows with a mark that nobody can miss', async () => {
    const bundle = await grid(new Diagnostic(flat(2), 'first rows of mnist'))[displaySymbol]();
    const mark = 'first rows of mnist; diagnostic: private rows, shown without protection';
    expect(bundle['text/plain']).toBe(`Grid of 2 grey images, 2 x 2 pixels (${mark})`);
    expect(bundle['text/html']).toContain(mark);
  });

  it('holds 80 digits in less than 200 kB, twice as large as they are', async () => {
    const classes = Array.from({ length: 80 }, (_, i) => Math.floor(i / 8));
    const data = Uint8Array.from(Array.from({ length: 10 }, (_, digit) => eightDigits(digit)).flat());
    const digits = {
      ...images(data, { count: 80, height: 28, width: 28, channels: 1 }),
      labels: Uint8Array.from(classes),
    };
    const made = grid(digits);
    expect(made.height).toBe(2 + 10 * (28 * 2 + 2));
    expect(JSON.stringify(await made[displaySymbol]()).length).toBeLessThan(200_000);
  });

  it('refuses what it cannot draw', () => {
    expect(() => grid(flat(0))).toThrow('dp.grid: count is out of range; got 0');
    expect(() => grid(flat(1), { columns: 0 })).toThrow('dp.grid: columns is out of range; got 0');
    expect(() => grid(flat(1), { column: 1 } as never)).toThrow("unknown option; got 'column'");
    expect(() => grid(flat(1, 2))).toThrow('images of such channels; got 2, expected 1 or 3');
    expect(() => grid({ ...flat(2), data: new Uint8Array(3) })).toThrow('got 3, expected 8 bytes for [2, 2, 2, 1]');
    expect(() => grid(flat(2), { labels: ['a'] })).toThrow('names of classes for images without labels');
    expect(() => grid(labeled([0, 2]), { labels: ['a', 'b'] })).toThrow(
      'a label has no name; got 2, expected labels below 2',
    );
    expect(() => grid({ ...labeled([0]), count: 1, labels: new Uint8Array(2) })).toThrow(
      'not one label an image; got 2',
    );
    expect(() => grid(flat(0))).toThrow(OptionError);
  });
});
