import type { Diagnostic } from './diagnostic.js';

/** One score of one set of synthetic images. */
export interface MetricResult {
  /** Name of the metric in its registry: `accuracy`, `fid`. */
  readonly metric: string;
  /** Name for people: `Accuracy of a classifier trained on the synthetic images`. */
  readonly title: string;
  readonly value: Diagnostic<number>;
  /** `%` or nothing. */
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** Feature extractor with its training data, for metrics on features; never compare two of different features. */
  readonly features?: string;
  /** Images that were scored. */
  readonly samples: number;
  /** What a reader must know: too few samples, how something was selected. */
  readonly notes: readonly string[];
}

/** One measurement in the course of training. */
export interface CurvePoint {
  readonly step: number;
  readonly value: Diagnostic<number>;
}

/** A metric measured while a method trained, on few samples: never compare it with the final score. */
export interface TrainingCurve {
  readonly metric: string;
  readonly features: string;
  readonly samples: number;
  readonly points: readonly CurvePoint[];
}

/** What the displays need to know of one run; `dp.run` returns more. */
export interface RunSummary {
  readonly method: string;
  readonly dataset: string;
  readonly epsilon: number;
  readonly delta: number;
  readonly seed: number;
  readonly scale: string;
  readonly metrics: Readonly<Record<string, MetricResult>>;
  readonly curve: TrainingCurve;
  readonly seconds: number;
}
