import { Diagnostic } from '../../../lib/core/diagnostic.js';
import type { MetricResult, TrainingCurve } from '../../../lib/core/results.js';
import type { ChartRun } from '../../../lib/display/index.js';

/** A made-up score. */
export function score(value: number, change: Partial<MetricResult> = {}): MetricResult {
  return {
    metric: 'accuracy',
    title: 'Accuracy',
    value: new Diagnostic(value, 'made-up score'),
    unit: '%',
    better: 'higher',
    samples: 1000,
    notes: [],
    ...change,
  };
}

/** A made-up training curve. */
export function curve(values: readonly number[], change: Partial<TrainingCurve> = {}): TrainingCurve {
  const points = values.map((value, i) => ({ step: (i + 1) * 100, value: new Diagnostic(value, 'made-up') }));
  const about = { metric: 'fid', against: 'mnist, training images', isPrivate: true, features: 'inception-v3' };
  return { ...about, samples: 5000, points, ...change };
}

/** A made-up run. */
export function run(change: Partial<ChartRun> = {}): ChartRun {
  return {
    method: 'dp-merf',
    dataset: 'mnist',
    epsilon: 10,
    delta: 1e-5,
    seed: 0,
    scale: 'smoke',
    metrics: { accuracy: score(80) },
    curve: curve([90, 60, 50]),
    seconds: 3,
    ...change,
  };
}
