import { check, checkKeys } from '../core/check.js';
import { OptionError } from '../core/errors.js';
import type { LabeledImages } from '../core/images.js';
import { displaySymbol, escapeHtml, type Displayable, type MimeBundle } from '../core/mime.js';
import { labelWidth, letterHeight, plotLabel } from './bitmap-font.js';
import { gridPicture, namesOf } from './image-grid.js';
import { canvas, pngBase64, type Canvas } from './png.js';

/** What `dp.stages` needs of a run. */
export interface StagedRun {
  readonly method: string;
  /** What training showed on its way, in order. */
  readonly stages: readonly { readonly title: string; readonly images: LabeledImages }[];
  /** What came of it. */
  readonly images: LabeledImages;
  /** Names of the classes, by label. */
  readonly config: { readonly classes: readonly string[] };
}

const letters = 2;
const gap = 16;

/**
 * The stages of a training side by side, from the first one to the images that came of it, a row for each class: central images,
 * samples after the warm-up, samples after DP-SGD.
 *
 * @param options `columns`: images of each class and stage; default 4.
 * @throws OptionError for a run whose method shows no stages.
 * @example dp.stages(await dp.run({ method: 'dp-feta', dataset: 'mnist-10k', epsilon: 10 }))
 */
export function stages(run: StagedRun, options: { readonly columns?: number } = {}): Displayable {
  checkKeys('dp.stages', options, ['columns']);
  const { columns = 4 } = options;
  check('count', 'dp.stages', { columns });
  if (run.stages.length === 0)
    throw new OptionError({
      asked: 'dp.stages',
      wrong: 'the method of this run shows no stages',
      got: run.method,
      next: 'Draw its images: dp.grid(run.images).',
    });
  const { classes } = run.config;
  const all = [...run.stages, { title: 'the result', images: run.images }];
  const panels = all.map(({ title, images }) => {
    const { count } = images;
    return { title, words: `${title}, ${count} images`, picture: picture(images, { classes, columns }) };
  });
  const words = `Stages of ${run.method}: ${panels.map((panel) => panel.words).join('; ')}`;
  return {
    [displaySymbol]: (): MimeBundle => {
      const { png, width } = sideBySide(panels);
      const alt = escapeHtml(words);
      return {
        'image/png': png,
        'text/html': `<img src="data:image/png;base64,${png}" alt="${alt}" width="${width}" style="max-width:100%">`,
        'text/plain': words,
      };
    },
    toString: () => words,
  } as Displayable;
}

function picture(images: LabeledImages, { classes, columns }: { classes: readonly string[]; columns: number }): Canvas {
  const scale = Math.max(1, Math.floor(48 / Math.max(images.height, images.width)));
  return gridPicture(images, { labels: namesOf(images, classes), columns, scale, limit: Math.max(1, images.count) })
    .picture;
}

/** All panels in one picture, each below its title. */
function sideBySide(panels: readonly { readonly title: string; readonly picture: Canvas }[]): {
  readonly png: string;
  readonly width: number;
} {
  const head = letterHeight * letters + 6;
  const widths = panels.map(({ title, picture }) => Math.max(picture.width, labelWidth(title) * letters));
  const width = widths.reduce((sum, each) => sum + each + gap, -gap);
  const channels = Math.max(...panels.map(({ picture }) => picture.channels));
  const whole = canvas(width, head + Math.max(...panels.map(({ picture }) => picture.height)), channels, 255);
  let left = 0;
  panels.forEach(({ title, picture }, i) => {
    write(whole, title, left);
    copy(picture, whole, left, head);
    left += widths[i]! + gap;
  });
  return { png: pngBase64(whole), width };
}

function write(whole: Canvas, title: string, left: number): void {
  plotLabel(title, (x, y) => {
    for (let dy = 0; dy < letters; dy++) {
      const from = ((1 + y * letters + dy) * whole.width + left + x * letters) * whole.channels;
      whole.data.fill(40, from, from + letters * whole.channels);
    }
  });
}

/** Grey pictures become grey ones of three channels where the whole has three. */
function copy(from: Canvas, to: Canvas, left: number, top: number): void {
  for (let y = 0; y < from.height; y++)
    for (let x = 0; x < from.width; x++)
      for (let c = 0; c < to.channels; c++)
        to.data[((top + y) * to.width + left + x) * to.channels + c] =
          from.data[(y * from.width + x) * from.channels + Math.min(c, from.channels - 1)]!;
}
