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
  /** Name of the feature extractor, for metrics on features; never compare two of different features. */
  readonly features?: string;
  /** What these features are, to the last detail. */
  readonly extractor?: FeatureFacts;
  /** How it was computed, where the same metric can be computed in ways that must not be compared: `selection: noisy`. */
  readonly variant?: string;
  /** How far the score may be off. */
  readonly interval?: ScoreInterval;
  /** Scores that the value was made of or that belong beside it: one a classifier, one a reference set. */
  readonly parts?: readonly ScorePart[];
  /** Why the value flatters, when it does: a choice was made on the sensitive test set. */
  readonly biased?: string;
  /** How many real records there were to score against: scores against other numbers are not to be compared. */
  readonly against?: string;
  /** Images that were scored. */
  readonly samples: number;
  /** What a reader must know: too few samples, how something was selected. */
  readonly notes: readonly string[];
}

/** A feature extractor as results name it. */
export interface FeatureFacts {
  /** Unlike for any two extractors whose numbers differ: `digit-cnn (64 features, trained on mnist-10k, seed 0)`. */
  readonly name: string;
  /** SHA-256 of its weights in hex. */
  readonly checksum: string;
  /** What happens to an image before the network sees it, in words. */
  readonly preprocessing: string;
}

/** An interval that holds the score with the probability `level`. */
export interface ScoreInterval {
  readonly lower: Diagnostic<number>;
  readonly upper: Diagnostic<number>;
  /** 0.95, say. */
  readonly level: number;
  /** What varies in it: `bootstrap over the synthetic images, 200 draws`. */
  readonly over: string;
}

/** A score within a score. */
export interface ScorePart {
  readonly name: string;
  readonly value: Diagnostic<number>;
}

/** One measurement in the course of training. */
export interface CurvePoint {
  readonly step: number;
  /** A plain number when nothing private was looked at. */
  readonly value: Diagnostic<number> | number;
}

/** A metric measured while a method trained, on few samples: never compare it with the final score. */
export interface TrainingCurve {
  readonly metric: string;
  /** What the samples were compared with, in words: `kmnist (public)`, `mnist, training images`. */
  readonly against: string;
  /** True when that is private: the points are diagnostics then. */
  readonly isPrivate: boolean;
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
