import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Diagnostic, revealForDisplay } from '../core/diagnostic.js';
import { DataError } from '../core/errors.js';
import type { Images } from '../core/images.js';
import type { Scale } from '../core/options.js';
import { withoutProgress, type ProgressGroup } from '../core/progress.js';
import type { CurvePoint, TrainingCurve } from '../core/results.js';
import type { CurveOptions } from './curve-options.js';
import type { CurveReference } from './curve-reference.js';
import { writeWhole } from './unfinished/whole-file.js';

/** Looks at a method in training and images made for each. */
const looksAt: Readonly<Record<Scale, number>> = { smoke: 2, laptop: 8, paper: 20 };
const samplesAt: Readonly<Record<Scale, number>> = { smoke: 100, laptop: 500, paper: 5000 };

interface CurveSettings extends Pick<CurveOptions, 'at' | 'samples'> {
  /** None: no looks. */
  readonly reference: CurveReference | undefined;
  /** Name of the feature extractor. */
  readonly features: string;
  readonly classes: number;
  readonly scale: Scale;
  readonly group: ProgressGroup;
  /** Points are kept in `curve.json` there, and those of an earlier process read from it. */
  readonly folder: string;
}

/** Scores a few images a few times while a method trains. */
export class CurveRecorder {
  #points: CurvePoint[] = [];
  readonly #file: string;
  readonly #samples: number;
  #looked = 0;

  constructor(readonly settings: CurveSettings) {
    this.#file = join(settings.folder, 'curve.json');
    this.#samples = settings.samples ?? samplesAt[settings.scale];
    if (!existsSync(this.#file)) return;
    const { looked, points } = readCurve(this.#file);
    this.#looked = looked;
    const kept = (value: number) => (settings.reference?.isPrivate ? new Diagnostic(value, 'FID') : value);
    this.#points = points.map(([step, value]) => ({ step, value: kept(value) }));
  }

  /** Called by methods at every step; looks when the next point is due. */
  async look(
    { step, steps }: { step: number; steps: number },
    sample: (labels: Uint8Array) => Promise<Images>,
  ): Promise<void> {
    const { reference, classes, group } = this.settings;
    if (!reference || step < this.#due(steps)) return;
    while (this.#due(steps) <= step) this.#looked++;
    // One of each class after the other: the first few are shown while the run goes on.
    const labels = Uint8Array.from({ length: this.#samples }, (_, i) => i % classes);
    const images = await withoutProgress(() => sample(labels));
    const value = await reference.distance(images);
    if (value !== undefined) this.#points.push({ step, value });
    const shown = this.#points.map((point) => [point.step, revealForDisplay(point.value)] as const);
    writeWhole(this.#file, JSON.stringify({ looked: this.#looked, points: shown }));
    reference.keep?.(images);
    const name = `FID to ${reference.against}${reference.isPrivate ? ' (diagnostic)' : ''}`;
    group.keep({ ...(shown.length > 0 && { curve: { name, points: shown } }), samples: images });
  }

  /** Step of the next look. Looks lie closer together at the beginning, where the curve falls: at steps * (k / n)^2. */
  #due(steps: number): number {
    const { at, scale } = this.settings;
    if (at) return at[this.#looked] ?? Infinity;
    return Math.ceil(steps * ((this.#looked + 1) / looksAt[scale]) ** 2);
  }

  result(): TrainingCurve {
    const { reference, features } = this.settings;
    const against = reference?.against ?? 'nothing';
    const isPrivate = reference?.isPrivate ?? false;
    return { metric: 'fid', against, isPrivate, features, samples: this.#samples, points: this.#points };
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
