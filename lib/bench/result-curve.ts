import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Diagnostic, revealForDisplay } from '../core/diagnostic.js';
import { DataError } from '../core/errors.js';
import type { Images } from '../core/images.js';
import type { Scale } from '../core/options.js';
import { withoutProgress, type ProgressGroup } from '../core/progress.js';
import type { CurvePoint, TrainingCurve } from '../core/results.js';
import type { Dataset } from '../data/contract.js';
import { digitCnn } from '../metrics/features/digit-cnn.js';
import { FeatureStore } from '../metrics/features/feature-store.js';
import { frechetToSensitive } from '../metrics/fid.js';
import { writeWhole } from './unfinished/whole-file.js';

/** Points of the FID curve and images scored for each. */
const pointsAt: Readonly<Record<Scale, number>> = { smoke: 2, laptop: 8, paper: 20 };
const samplesAt: Readonly<Record<Scale, number>> = { smoke: 100, laptop: 500, paper: 5000 };

/** Scores a few images a few times during training, for the eye: what it finds is a `Diagnostic`. */
export class CurveRecorder {
  #points: CurvePoint[] = [];
  readonly #file: string;
  #looked = 0;

  /** Points are kept in `curve.json` of a folder, and those of an earlier process read from there. */
  constructor(
    readonly dataset: Dataset,
    readonly scale: Scale,
    readonly group: ProgressGroup,
    folder: string,
  ) {
    this.#file = join(folder, 'curve.json');
    if (!existsSync(this.#file)) return;
    const { looked, points } = readCurve(this.#file);
    this.#looked = looked;
    this.#points = points.map(([step, value]) => ({ step, value: new Diagnostic(value, 'FID') }));
  }

  /** Called by methods at every step; looks when the next point is due. */
  async look(
    { step, steps }: { step: number; steps: number },
    sample: (labels: Uint8Array) => Promise<Images>,
  ): Promise<void> {
    // Points lie closer together at the beginning, where the curve falls: at steps * (k / n)^2.
    const due = (looked: number) => Math.ceil(steps * ((looked + 1) / pointsAt[this.scale]) ** 2);
    if (step < due(this.#looked) || !digitCnn.accepts(this.dataset.shape)) return;
    while (due(this.#looked) <= step) this.#looked++;
    // One of each class after the other: the first few are shown while the run goes on.
    const { length } = this.dataset.classes;
    const labels = Uint8Array.from({ length: samplesAt[this.scale] }, (_, i) => i % length);
    const images = await withoutProgress(() => sample(labels));
    const value = await frechetToSensitive(images, this.dataset.train, new FeatureStore(digitCnn));
    this.#points.push({ step, value });
    const shown = this.#points.map((point) => [point.step, revealForDisplay(point.value)] as const);
    writeWhole(this.#file, JSON.stringify({ looked: this.#looked, points: shown }));
    this.group.keep({ curve: { name: 'FID (diagnostic)', points: shown }, samples: images });
  }

  result(): TrainingCurve {
    return { metric: 'fid', features: digitCnn.name, samples: samplesAt[this.scale], points: this.#points };
  }
}

/** How many points were due before the run was stopped, and those that were scored. */
function readCurve(file: string): {
  readonly looked: number;
  readonly points: readonly [step: number, value: number][];
} {
  try {
    const { looked, points } = JSON.parse(readFileSync(file, 'utf8')) as ReturnType<typeof readCurve>;
    if (Number.isInteger(looked) && Array.isArray(points)) return { looked, points };
  } catch {
    // Not JSON: the same answer as below.
  }
  throw new DataError({
    asked: file,
    wrong: 'no curve of a run',
    next: 'Remove the file: the curve then begins where the run goes on.',
  });
}
