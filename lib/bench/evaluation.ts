import type { LabeledImages } from '../core/images.js';
import { displaySymbol, type Displayable, type MimeBundle } from '../core/mime.js';
import type { MetricResult } from '../core/results.js';
import { metricsTable } from '../display/table.js';
import type { Ledger } from '../privacy/index.js';

/** What `dp.evaluate` found out about some images. */
interface EvaluationRecord {
  readonly name: string;
  readonly dataset: string;
  readonly scale: string;
  readonly seed: number;
  readonly metrics: Readonly<Record<string, MetricResult>>;
  /** What was done to the images before they were scored, in words. */
  readonly changes: readonly string[];
  readonly seconds: number;
  /** What a noisy selection spent. */
  readonly ledger?: Ledger;
}

/** Scores of images, whoever made them. It draws itself as a table. */
export class Evaluation implements Displayable, EvaluationRecord {
  readonly name: string;
  readonly dataset: string;
  readonly scale: string;
  readonly seed: number;
  readonly metrics: Readonly<Record<string, MetricResult>>;
  readonly changes: readonly string[];
  readonly seconds: number;
  readonly ledger?: Ledger;

  constructor(
    record: EvaluationRecord,
    /** The images as they were scored: in the shape of the dataset. */
    readonly images: LabeledImages,
  ) {
    ({
      name: this.name,
      dataset: this.dataset,
      scale: this.scale,
      seed: this.seed,
      metrics: this.metrics,
      changes: this.changes,
      seconds: this.seconds,
    } = record);
    if (record.ledger) this.ledger = record.ledger;
  }

  toJSON(): EvaluationRecord & { samples: number } {
    const { name, dataset, scale, seed, metrics, changes, seconds, ledger } = this;
    const own = { name, dataset, scale, seed, samples: this.images.count, metrics, changes, seconds };
    return ledger ? { ...own, ledger } : own;
  }

  [displaySymbol](): MimeBundle | Promise<MimeBundle> {
    return metricsTable(this)[displaySymbol]();
  }
}
