import { displaySymbol, escapeHtml, type Displayable, type MimeBundle } from '../core/mime.js';
import type { LabeledImages } from '../core/images.js';
import type { MetricResult, TrainingCurve } from '../core/results.js';
import { budget } from '../display/budget.js';
import { grid } from '../display/image-grid.js';
import { shortNumber } from '../display/html-table.js';
import { stages } from '../display/stages.js';
import { metricsTable } from '../display/table.js';
import type { Ledger } from '../privacy/index.js';
import type { RunRecord } from './result-folder.js';
import type { Stage } from './stages.js';

/** A finished run: its images, scores, curve and ledger. It draws itself in a cell. */
export class Run implements Displayable {
  readonly method: string;
  readonly dataset: string;
  readonly epsilon: number;
  readonly delta: number;
  readonly seed: number;
  readonly scale: string;
  readonly seconds: number;
  /** Scores by metric; those measured on private data are `Diagnostic`. */
  readonly metrics: Readonly<Record<string, MetricResult>>;
  readonly curve: TrainingCurve;
  readonly ledger: Ledger;

  constructor(
    /** Everything that was asked and used: parameters, noise multiplier, accountant, versions. */
    readonly config: RunRecord,
    /** Synthetic images with the labels they were made for. */
    readonly images: LabeledImages,
    readonly folder: string,
    /** What the method showed of its training, stage by stage: `dp.stages(run)` draws it. */
    readonly stages: readonly Stage[] = [],
  ) {
    ({
      method: this.method,
      dataset: this.dataset,
      epsilon: this.epsilon,
      delta: this.delta,
      seed: this.seed,
      scale: this.scale,
      seconds: this.seconds,
      metrics: this.metrics,
      curve: this.curve,
      ledger: this.ledger,
    } = config);
  }

  get labels(): Uint8Array {
    return this.images.labels;
  }

  toJSON(): object {
    return { ...this.config, folder: this.folder };
  }

  async [displaySymbol](): Promise<MimeBundle> {
    const pictures = await grid(this.images, { labels: this.config.classes })[displaySymbol]();
    const course = this.stages.length > 0 ? [await stages(this)[displaySymbol]()] : [];
    const parts = [
      ...course,
      pictures,
      await metricsTable(this)[displaySymbol](),
      await budget(this.ledger)[displaySymbol](),
    ];
    const { method, dataset, epsilon, delta, scale, seconds } = this;
    const { publicDataset, warmUp } = this.config;
    const began = publicDataset === undefined ? warmUp && 'central images' : `public ${publicDataset}`;
    const first = began ? `, first on ${began}` : '';
    const title = `${method} on ${dataset}${first}: epsilon ${epsilon}, delta ${shortNumber(delta)}, scale ${scale}, ${seconds.toFixed(0)} s`;
    const failed = Object.entries(this.config.failures ?? {}).map(
      ([id, reason]) => `${id} could not be computed: ${reason}.`,
    );
    const mark = this.config.private ? '' : 'NOT PRIVATE: the noise was made repeatable for a test. ';
    return {
      'text/plain': [mark + title, ...failed, ...parts.map((part) => String(part['text/plain']))].join('\n'),
      'text/html': [
        `<div><b>${mark}${title}</b></div>`,
        ...failed.map((words) => `<div style="color:#8a4b00">${escapeHtml(words)}</div>`),
        ...parts.map((part) => String(part['text/html'])),
      ].join('\n'),
      'image/png': pictures['image/png'],
    };
  }
}
