import { Diagnostic } from '../core/diagnostic.js';
import { gaussianEvent } from '../core/events.js';
import { displaySymbol } from '../core/mime.js';
import { Registry } from '../core/registry.js';
import { budget } from './budget.js';
import type { Chart } from './contract.js';
import { epsilonCurve } from './epsilon-curve.js';
import { epsilonUtility } from './epsilon-utility.js';
import { fidCurve } from './fid-curve.js';
import { grid } from './image-grid.js';
import type { Scored } from './metrics-table.js';
import { newPlot } from './plotly.js';
import { progressBundle } from './progress.js';
import type { ChartRun } from './run-names.js';
import { selectionOptimism } from './selection-optimism.js';
import { stages } from './stages.js';

/** All charts, each with an example on made-up data. */
export const charts = new Registry<Chart>('chart', [
  {
    id: 'grid',
    title: 'Many images, a row for each class',
    example: (name) => grid(exampleImages(), { labels: [name, 'b', 'c'] }),
  },
  { id: 'fid-curve', title: 'FID while training', example: (name) => fidCurve(exampleRuns(name)) },
  {
    id: 'epsilon-utility',
    title: 'A metric against epsilon',
    example: (name) => epsilonUtility({ runs: exampleRuns(name) }),
  },
  { id: 'epsilon-curve', title: 'Epsilon against noise, rate, steps or delta', example: exampleEpsilonCurve },
  { id: 'budget', title: 'What was spent of the privacy budget', example: exampleBudget },
  {
    id: 'plotly',
    title: 'Any Plotly figure',
    example: (name) => newPlot([{ x: [1, 2], y: [3, 4], name, type: 'bar' }], { title: { text: name } }),
  },
  {
    id: 'selection-optimism',
    title: 'What selecting on private data adds to accuracy',
    example: exampleOptimism,
  },
  { id: 'stages', title: 'The stages of a training side by side', example: exampleStages },
  { id: 'progress', title: 'Long work while it runs', example: exampleProgress },
]);

function exampleImages() {
  const data = Uint8Array.from({ length: 12 * 8 * 8 }, (_, i) => (i * 37) % 256);
  return {
    data,
    count: 12,
    height: 8,
    width: 8,
    channels: 1,
    labels: Uint8Array.from({ length: 12 }, (_, i) => i % 3),
  };
}

function exampleStages(name: string) {
  const images = exampleImages();
  return stages({
    ...{ method: name, stages: [{ title: name, images }], images },
    config: { classes: [name, 'b', 'c'] },
  });
}

function exampleRuns(name: string): ChartRun[] {
  const diagnostic = (value: number) => new Diagnostic(value, 'made-up score');
  return [1, 10].flatMap((epsilon) =>
    [0, 1].map((seed) => ({
      method: name,
      dataset: 'made-up',
      epsilon,
      delta: 1e-5,
      seed,
      scale: 'smoke',
      seconds: 1,
      metrics: {
        accuracy: {
          metric: 'accuracy',
          title: 'Accuracy',
          value: diagnostic(50 + 10 * Math.log10(epsilon) + seed),
          unit: '%',
          better: 'higher' as const,
          samples: 100,
          notes: [],
        },
      },
      curve: {
        metric: 'fid',
        against: 'made-up images',
        isPrivate: true,
        features: 'made-up features',
        samples: 500,
        points: [100, 200, 300].map((step) => ({ step, value: diagnostic(200 / Math.sqrt(step * epsilon) + seed) })),
      },
    })),
  );
}

function exampleOptimism(name: string) {
  const scored = (value: number, variant: string): Scored => ({
    ...{ dataset: name, scale: 'smoke', name },
    metrics: {
      accuracy: { ...exampleRuns(name)[0]!.metrics['accuracy']!, value: new Diagnostic(value, 'made-up'), variant },
    },
  });
  return selectionOptimism(
    [1.5, 0.5, 1].map((gain, i) => ({
      reference: scored(80 + i + gain, 'selection: reference'),
      honest: scored(80 + i, 'selection: final'),
    })),
  );
}

function exampleEpsilonCurve() {
  return epsilonCurve({ noiseMultiplier: [1, 2, 4], sampleRate: 0.1, steps: 100, delta: 1e-5 });
}

function exampleBudget(name: string) {
  const entry = { of: name, mechanism: 'gaussian', event: gaussianEvent(1.5), relation: 'add-or-remove-one' as const };
  return budget({
    epsilonTarget: 4,
    delta: 1e-5,
    entries: [1.2, 3.4].map((epsilonAfter) => ({ ...entry, epsilonAfter })),
    spent: () => ({ lower: 3.1, estimate: 3.3, upper: 3.4 }),
  });
}

function exampleProgress(name: string) {
  const curve = {
    name: 'FID',
    points: [
      [100, 90.5],
      [200, 70.25],
      [300, 60],
    ] as const,
  };
  const timed = { rate: 25, secondsSpent: 12, secondsLeft: 28, done: false, taskId: 1 };
  const report = { task: name, step: 300, steps: 1000, loss: 0.25, epsilon: 1.5, curve, ...timed };
  return { [displaySymbol]: () => progressBundle(report) };
}
