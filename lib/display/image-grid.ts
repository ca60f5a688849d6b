import { check, checkKeys } from '../core/check.js';
import { Diagnostic, revealForDisplay } from '../core/diagnostic.js';
import { OptionError } from '../core/errors.js';
import { images as asImages, type Images, type LabeledImages } from '../core/images.js';
import { displaySymbol, escapeHtml, type Displayable, type MimeBundle } from '../core/mime.js';
import { labelWidth, letterHeight, plotLabel } from './bitmap-font.js';
import { canvas, pngBase64, type Canvas } from './png.js';

/** How a grid is laid out. */
export interface GridOptions {
  /** Images in a row; of labelled images, images of each class. Default 10, or 8 of each class. */
  readonly columns?: number;
  /** Names of the classes, by label; `false` draws labelled images in their order, with no classes. */
  readonly labels?: readonly string[] | false;
  /** Pixels in the picture for one pixel of an image; default: 28 pixel digits twice as large. */
  readonly scale?: number;
  /** Most images to draw; default 100. */
  readonly limit?: number;
}

/** A picture of many images: PNG where pictures are shown, one line of text elsewhere. */
export interface ImageGrid extends Displayable {
  /** The PNG file in base64. */
  readonly png: string;
  readonly width: number;
  readonly height: number;
  toString(): string;
}

interface Row {
  readonly label: string;
  /** Places of the images in the stack. */
  readonly indices: readonly number[];
}

const gap = 2;
const labelSize = 2;
const longestLabel = 14;

/**
 * Draws images side by side, magnified without smoothing. Labelled images get one row a class with the name of the
 * class at its left. `images` is a stack [count, height, width, channels] of bytes with 1 or 3 channels.
 * Throws `OptionError` for an empty stack, a bad size, or class names that do not reach all labels.
 * Private rows (`dp.preview`) are drawn too, and marked as such.
 *
 * @example dp.grid(run.images, { columns: 10 })
 */
export function grid(
  given: Images | LabeledImages | Diagnostic<Images | LabeledImages>,
  options: GridOptions = {},
): ImageGrid {
  const isPrivate = given instanceof Diagnostic;
  const { picture, words } = gridPicture(isPrivate ? revealForDisplay(given) : given, options);
  const mark = isPrivate ? `${given.of}; diagnostic: private rows, shown without protection` : undefined;
  return imageGrid(picture, words, mark);
}

/** The picture of a grid, to be put into a larger one, and what it shows in words. */
export function gridPicture(images: Images | LabeledImages, options: GridOptions): { picture: Canvas; words: string } {
  const rows = rowsOf(images, options);
  const { scale = Math.max(1, Math.floor(64 / Math.max(images.height, images.width))) } = options;
  check('count', 'dp.grid', { scale });
  return { picture: paint(images, rows, scale), words: describe(images, rows) };
}

/** Names of classes for images that may be of others, such as public ones: none where they do not reach all labels. */
export function namesOf({ labels }: LabeledImages, classes: readonly string[]): readonly string[] | undefined {
  return labels.every((label) => label < classes.length) ? classes : undefined;
}

function imageGrid(picture: Canvas, words: string, mark?: string): ImageGrid {
  const { width, height } = picture;
  const png = pngBase64(picture);
  const image = `<img src="data:image/png;base64,${png}" alt="${escapeHtml(words)}" width="${width}" height="${height}"`;
  return {
    png,
    width,
    height,
    toString: () => words,
    [displaySymbol]: (): MimeBundle => ({
      'image/png': png,
      'text/html':
        `${image} style="max-width:100%;image-rendering:pixelated">` +
        (mark ? `<div style="font-size:12px;color:#8a4b00">${escapeHtml(mark)}</div>` : ''),
      'text/plain': mark ? `${words} (${mark})` : words,
    }),
  };
}

function rowsOf(images: Images | LabeledImages, options: GridOptions): Row[] {
  checkKeys('dp.grid', options, ['columns', 'labels', 'scale', 'limit']);
  checkStack(images);
  const byClass = 'labels' in images && options.labels !== false;
  if (Array.isArray(options.labels) && !byClass)
    throw new OptionError({
      asked: 'dp.grid',
      wrong: 'names of classes for images without labels',
      got: options.labels,
      next: 'Pass { ...images, labels } with one label an image, or leave the names out.',
    });
  const { columns = byClass ? 8 : 10, limit = 100 } = options;
  check('count', 'dp.grid', { columns, limit });
  const rows = byClass ? classRows(images, options.labels || undefined, columns) : plainRows(images.count, columns);
  return firstImages(rows, limit);
}

/** The first rows that together hold at most `limit` images; at least a part of the first one. */
function firstImages(rows: readonly Row[], limit: number): Row[] {
  let left = limit;
  return rows.flatMap(({ label, indices }) => {
    const drawn = indices.slice(0, left);
    left -= drawn.length;
    return drawn.length === 0 ? [] : [{ label, indices: drawn }];
  });
}

function plainRows(count: number, columns: number): Row[] {
  return Array.from({ length: Math.ceil(count / columns) }, (_, row) => ({
    label: '',
    indices: Array.from({ length: Math.min(columns, count - row * columns) }, (_, column) => row * columns + column),
  }));
}

function classRows(images: LabeledImages, names: readonly string[] | undefined, columns: number): Row[] {
  const places = new Map<number, number[]>();
  images.labels.forEach((label, i) => {
    const members = places.get(label) ?? [];
    if (members.length < columns) members.push(i);
    places.set(label, members);
  });
  return [...places.keys()]
    .sort((a, b) => a - b)
    .map((label) => ({ label: className(label, names), indices: places.get(label)! }));
}

function className(label: number, names: readonly string[] | undefined): string {
  const name = names ? names[label] : String(label);
  if (name !== undefined) return name;
  throw new OptionError({
    asked: 'dp.grid',
    wrong: 'a label has no name',
    got: label,
    expected: `labels below ${names!.length}, one name for each`,
  });
}

function checkStack(images: Images | LabeledImages): void {
  const { data, count, height, width, channels } = images;
  check('count', 'dp.grid', { count, height, width });
  if (channels !== 1 && channels !== 3)
    throw new OptionError({ asked: 'dp.grid', wrong: 'images of such channels', got: channels, expected: '1 or 3' });
  asImages(data, images, 'dp.grid');
  if ('labels' in images && images.labels.length !== count)
    throw new OptionError({
      asked: 'dp.grid',
      wrong: 'not one label an image',
      got: images.labels.length,
      expected: `${count}`,
    });
}

function paint(images: Images, rows: readonly Row[], scale: number): Canvas {
  const [cellWidth, cellHeight] = [images.width * scale + gap, images.height * scale + gap];
  const labels = rows.map(({ label }) =>
    label.length > longestLabel ? `${label.slice(0, longestLabel - 1)}~` : label,
  );
  const widest = Math.max(...labels.map(labelWidth));
  const margin = widest > 0 ? widest * labelSize + 10 : gap;
  const columns = Math.max(...rows.map((row) => row.indices.length));
  const tall = widest > 0 ? Math.max(cellHeight, letterHeight * labelSize + 2 * gap) : cellHeight;
  const picture = canvas(margin + columns * cellWidth, rows.length * tall + gap, images.channels, 255);
  rows.forEach(({ indices }, row) => {
    const top = gap + row * tall;
    const left = margin - 6 - labelWidth(labels[row]!) * labelSize;
    paintLabel(picture, labels[row]!, left, top + Math.floor((tall - gap - letterHeight * labelSize) / 2));
    indices.forEach((index, column) => paintImage(picture, images, index, margin + column * cellWidth, top, scale));
  });
  return picture;
}

function paintImage(picture: Canvas, images: Images, index: number, left: number, top: number, scale: number): void {
  const { width, height, channels } = images;
  const start = index * width * height * channels;
  for (let y = 0; y < height * scale; y++) {
    const from = start + Math.floor(y / scale) * width * channels;
    let to = ((top + y) * picture.width + left) * channels;
    for (let x = 0; x < width * scale; x++)
      for (let c = 0; c < channels; c++) picture.data[to++] = images.data[from + Math.floor(x / scale) * channels + c]!;
  }
}

function paintLabel(picture: Canvas, label: string, left: number, top: number): void {
  plotLabel(label, (x, y) => {
    for (let dy = 0; dy < labelSize; dy++) {
      const from = ((top + y * labelSize + dy) * picture.width + left + x * labelSize) * picture.channels;
      picture.data.fill(40, from, from + labelSize * picture.channels);
    }
  });
}

function describe(images: Images, rows: readonly Row[]): string {
  const drawn = rows.reduce((sum, row) => sum + row.indices.length, 0);
  const count = drawn === images.count ? `${drawn}` : `${drawn} of ${images.count}`;
  const kind = images.channels === 1 ? 'grey' : 'colour';
  const names = rows.map((row) => row.label).filter((label) => label !== '');
  const classes = names.length === 0 ? '' : `, by class: ${names.join(', ')}`;
  return `Grid of ${count} ${kind} images, ${images.width} x ${images.height} pixels${classes}`;
}
