import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DataError } from '../core/errors.js';
import type { LabeledImages } from '../core/images.js';
import type { RunSummary } from '../core/results.js';
import { grid, namesOf } from '../display/image-grid.js';
import type { Ledger } from '../privacy/index.js';
import { npz } from './npz.js';
import type { PretrainedModel } from './pretrained/pretrained-folder.js';
import type { Stage } from './stages.js';
import { readCurvePoints, readMetrics, type StoredCurve, type StoredMetric } from './result-metrics.js';

const scoresNote =
  'metrics, and points of a curve that isPrivate, are diagnostics: computed from private data without noise, not differentially private';

/** Everything that a result holds beside its images; `run.json` is this with diagnostics as plain numbers. */
export interface RunRecord extends RunSummary {
  readonly accountant: string;
  readonly noiseMultiplier: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly classes: readonly string[];
  readonly trainingRecords: number;
  /** Public dataset that was trained with first, and how many records of it. */
  readonly publicDataset?: string;
  /** Noisy mean images of the private classes were trained on first. */
  readonly warmUp?: 'central-images';
  readonly publicRecords?: number;
  /** Models trained on public data that it began with, whether it trained them or found them. */
  readonly pretrained?: readonly PretrainedModel[];
  /** Processes that have worked on it: more than one when it was stopped and resumed. */
  readonly processes: number;
  /** False when the noise was made repeatable for a test. */
  readonly private: boolean;
  /** Metrics that could not be computed, with the reason: the rest of the result stands. */
  readonly failures?: Readonly<Record<string, string>>;
  readonly ledger: Ledger;
  /** What was asked for, defaults filled in: asking for it again gives a run of the same kind. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Writes a result folder: `run.json`, `gen/gen.npz` (x `[count, channels, height, width]` in [0, 1], y `[count]`),
 * `sample.png`, and `stages/<number>-<title>.npz` and `.png` where the method showed stages. All of it is written beside and renamed at the end, so that a folder is whole or absent.
 * If somebody made the folder while the run was on its way, the result lies beside it, with a number at its name's end.
 */
export async function saveRun(
  record: RunRecord,
  { images, stages }: { readonly images: LabeledImages; readonly stages: readonly Stage[] },
  out: string,
): Promise<string> {
  const folder = firstFree(out);
  await mkdir(dirname(folder), { recursive: true });
  const partial = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`));
  try {
    await mkdir(join(partial, 'gen'));
    await writeFile(join(partial, 'gen', 'gen.npz'), imageArchive(images));
    await writeFile(join(partial, 'sample.png'), picture(images, record));
    for (const [i, { title, images }] of stages.entries()) {
      const words = title
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/g, '-')
        .slice(0, 60); // a file's name has its limits
      const name = join(partial, 'stages', `${i + 1}-${words}`);
      await mkdir(dirname(name), { recursive: true });
      await writeFile(`${name}.npz`, imageArchive(images));
      await writeFile(`${name}.png`, picture(images, record));
    }
    await writeFile(join(partial, 'run.json'), JSON.stringify({ ...record, folder, about: scoresNote }, null, 2));
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

const picture = (images: LabeledImages, { classes }: RunRecord): Buffer =>
  Buffer.from(grid(images, { labels: namesOf(images, classes) }).png, 'base64');

function firstFree(folder: string): string {
  let free = folder;
  for (let number = 2; existsSync(free); number++) free = `${folder}-${number}`;
  return free;
}

/** Where results go when `out` is left out: `DPBENCH_RESULTS`, else `results` in the working folder. */
export function resultsFolder(): string {
  return resolve(process.env['DPBENCH_RESULTS'] || 'results');
}

/** Where a run's result goes when `out` is left out: a folder of its own among the results. */
export function newResultFolder({ method, dataset, epsilon, seed, scale }: NameOfRun): string {
  const now = new Date().toISOString().slice(0, 23).replaceAll(/[T:.]/g, '-');
  return join(resultsFolder(), `${method}-${dataset}-eps${epsilon}-${scale}-seed${seed}-${now}`);
}

type NameOfRun = Pick<RunSummary, 'method' | 'dataset' | 'epsilon' | 'seed' | 'scale'>;

function imageArchive({ data, labels, count, height, width, channels }: LabeledImages): Uint8Array {
  const pixels = height * width;
  const x = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const [image, pixel, channel] = [
      Math.floor(i / (pixels * channels)),
      Math.floor(i / channels) % pixels,
      i % channels,
    ];
    x[(image * channels + channel) * pixels + pixel] = data[i]! / 255;
  }
  return npz({
    x: { data: x, shape: [count, channels, height, width] },
    y: { data: Int32Array.from(labels), shape: [count] },
  });
}

/** Reads back what a sweep needs of a finished run: the scores are diagnostics again. */
export async function readRunSummary(folder: string): Promise<RunSummary & { folder: string }> {
  const file = join(folder, 'run.json');
  let stored: StoredSummary;
  try {
    stored = JSON.parse(await readFile(file, 'utf8')) as StoredSummary;
  } catch (cause) {
    throw new DataError(
      { asked: file, wrong: 'not a result of dpbench', next: 'Remove the folder and run again.' },
      { cause },
    );
  }
  const metrics = readMetrics(stored.metrics, `${stored.method} on ${stored.dataset}`);
  return { ...stored, folder, metrics, curve: readCurvePoints(stored.curve) };
}

type StoredSummary = Omit<RunSummary, 'metrics' | 'curve'> & {
  metrics: Record<string, StoredMetric>;
  curve: Partial<StoredCurve>;
};
