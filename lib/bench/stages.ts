import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../core/errors.js';
import { images as asImages, type LabeledImages } from '../core/images.js';
import type { ProgressGroup } from '../core/progress.js';
import { writeWhole } from './unfinished/whole-file.js';

/** Images of one stage of a training: released or public, or made from what was released. */
export interface Stage {
  readonly title: string;
  readonly images: LabeledImages;
}

/** What a method shows of its stages, in their order; a stopped run finds again what it had shown. */
export class StageRecorder {
  readonly #file: string;
  #stages: readonly Stage[];

  /** @param folder of the unfinished run, in which `stages.json` is kept. */
  constructor(
    folder: string,
    readonly group: ProgressGroup,
  ) {
    mkdirSync(folder, { recursive: true });
    this.#file = join(folder, 'stages.json');
    this.#stages = existsSync(this.#file) ? readStages(this.#file) : [];
  }

  get stages(): readonly Stage[] {
    return this.#stages;
  }

  /** Keeps the images, in the place of an earlier stage of that title, and shows them while the run goes on. */
  show(title: string, images: LabeledImages): void {
    const stage = { title, images };
    const at = this.#stages.findIndex((known) => known.title === title);
    this.#stages = at < 0 ? [...this.#stages, stage] : this.#stages.with(at, stage);
    const plain = this.#stages.map(({ title, images: { data, labels, ...shape } }) => {
      return { title, ...shape, data: base64(data), labels: base64(labels) };
    });
    writeWhole(this.#file, JSON.stringify(plain));
    this.group.keep({ samples: images });
  }
}

const base64 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

function readStages(file: string): Stage[] {
  try {
    const stored = JSON.parse(readFileSync(file, 'utf8')) as (LabeledImages & { title: string })[];
    return stored.map(({ title, data, labels, count, height, width, channels }) => {
      const bytes = (text: unknown) => Uint8Array.from(Buffer.from(String(text), 'base64'));
      const stack = asImages(bytes(data), { count, height, width, channels }, title);
      return { title, images: { ...stack, labels: bytes(labels) } };
    });
  } catch (cause) {
    throw new DataError(
      { asked: file, wrong: 'no stages of a run', next: 'Remove the file: stages that are past are then not shown.' },
      { cause },
    );
  }
}
