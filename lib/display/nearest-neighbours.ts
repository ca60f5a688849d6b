import { Diagnostic, revealForDisplay } from '../core/diagnostic.js';
import type { LabeledImages } from '../core/images.js';
import { displaySymbol, escapeHtml, type Displayable, type MimeBundle } from '../core/mime.js';
import { htmlTable, plainTable, shortNumber, type TextTable } from './html-table.js';
import { grid } from './image-grid.js';
import { diagnosticNote } from './run-names.js';

/** One synthetic image beside the training images that it lies closest to. */
interface NeighbourPictures {
  readonly synthetic: LabeledImages; // one
  readonly training: LabeledImages; // nearest first
  readonly distances: readonly number[];
}

/** What a look for copies of training images found. */
export interface NeighbourFindings {
  readonly pictures: readonly NeighbourPictures[];
  /** Distance of each synthetic image to its nearest training image, in [0, 1]. */
  readonly synthetic: Float32Array;
  /** The same of real images that nobody trained on. */
  readonly test: Float32Array;
  readonly trainingRecords: number;
}

/** Synthetic images that lie closest to training images, and how close all of them lie. It draws itself. */
export class NearestNeighbours implements Displayable {
  constructor(
    /** Private rows and distances to them. */
    readonly findings: Diagnostic<NeighbourFindings>,
    readonly dataset: string,
  ) {}

  toString(): string {
    return `${this.#words().join('\n')}\n${plainTable(this.#table())}\n(${diagnosticNote})`;
  }

  /** The distances; the images are in `findings`. */
  toJSON(): object {
    const { synthetic, test, pictures } = revealForDisplay(this.findings);
    const summary = (values: Float32Array) => ({
      smallest: quantile(values, 0),
      'one percent': quantile(values, 0.01),
      median: quantile(values, 0.5),
    });
    const closest = pictures.map(({ distances }) => distances[0]);
    return { about: diagnosticNote, distances: { synthetic: summary(synthetic), test: summary(test) }, closest };
  }

  async [displaySymbol](): Promise<MimeBundle> {
    const { pictures } = revealForDisplay(this.findings);
    const stack = join(pictures.flatMap(({ synthetic, training }) => [synthetic, training]));
    const columns = 1 + (pictures[0]?.training.count ?? 0);
    const all = { images: new Diagnostic(stack, this.findings.of), options: { columns, labels: false as const } };
    const drawn = await grid(all.images, { ...all.options, limit: stack.count })[displaySymbol]();
    const [title, ...words] = this.#words().map(escapeHtml);
    return {
      'text/plain': this.toString(),
      'text/html': `<div><b>${title}</b></div><div>${words.join(' ')}</div>${htmlTable(this.#table())}${String(drawn['text/html'])}`,
      'image/png': drawn['image/png'],
    };
  }

  #words(): string[] {
    const { synthetic, test, trainingRecords, pictures } = revealForDisplay(this.findings);
    const close = quantile(test, 0.01);
    const share = synthetic.filter((distance) => distance < close).length / synthetic.length;
    return [
      `Nearest training images of ${synthetic.length.toLocaleString('en-US')} synthetic images, ${this.dataset} (${trainingRecords.toLocaleString('en-US')} training images)`,
      `${shortNumber(100 * share)} % of the synthetic images lie closer to a training image than all but 1 % of real test images do:`,
      'a generator that learned, and did not remember, stays near 1 % or below.',
      `Below, the ${pictures.length} that look most like copies (much closer to one training image than to the next ones): first the synthetic image, then its nearest training images.`,
    ];
  }

  #table(): TextTable {
    const { synthetic, test } = revealForDisplay(this.findings);
    const row = (name: string, values: Float32Array) => [
      name,
      ...[0, 0.01, 0.5].map((at) => shortNumber(quantile(values, at))),
    ];
    return {
      header: ['distance to the nearest training image (root mean square, 0 to 1)', 'smallest', '1 %', 'median'],
      rows: [row('synthetic images', synthetic), row('real test images', test)],
      numeric: [1, 2, 3],
    };
  }
}

/** The value below which a share of all lies. */
function quantile(values: Float32Array, share: number): number {
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

function join(stacks: readonly LabeledImages[]): LabeledImages {
  const { height, width, channels } = stacks[0]!;
  const count = stacks.reduce((sum, stack) => sum + stack.count, 0);
  const [data, labels] = [new Uint8Array(count * height * width * channels), new Uint8Array(count)];
  let at = 0;
  for (const stack of stacks) {
    data.set(stack.data, at * height * width * channels);
    labels.set(stack.labels, at);
    at += stack.count;
  }
  return { data, labels, count, height, width, channels };
}
