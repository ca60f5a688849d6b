import type { LabeledImages } from '../core/images.js';
import type { Scale } from '../core/options.js';
import type { Named } from '../core/registry.js';
import type { MetricResult } from '../core/results.js';
import type { Dataset } from '../data/contract.js';
import type { Mechanisms } from '../mechanisms/index.js';
import type { FeatureStore } from './features/feature-store.js';
import type { Selection } from './utility/selection.js';

/** What a metric scores: synthetic images against a dataset whose rows it may only measure. */
export interface MetricContext {
  readonly synthetic: LabeledImages; // [count, height, width, channels]
  readonly dataset: Dataset;
  readonly scale: Scale;
  /** Of subsets, bootstrap draws and classifiers' weights: the same seed gives the same score. */
  readonly seed: number;
  /** Features of the chosen extractor, computed once for all metrics. */
  readonly features: FeatureStore;
  /** What classifiers are selected by; `synthetic` when left out. */
  readonly selection?: Selection;
  /** The mechanisms on held-out sensitive records, with the choices of `selectionReleases` planned: for `noisy`. */
  readonly heldOut?: Mechanisms;
  readonly signal?: AbortSignal;
}

/** A member of the metric registry. */
export interface Metric<Id extends string = string> extends Named {
  readonly id: Id;
  readonly title: string;
  readonly unit: '' | '%';
  readonly better: 'higher' | 'lower';
  readonly source: string;
  /**
   * Why it cannot be computed here and now, with a next step: no weights on this machine, a network without a head. Where nobody
   * named metrics it is left out then; asked for by name, `evaluate` gets what it needs or says why not.
   */
  missing?(context: MetricContext): Promise<string | undefined>;
  /** Synthetic images that it needs at least; 1 when left out. */
  readonly leastSamples?: number;
  evaluate(context: MetricContext): Promise<MetricResult>;
}
