import type { Data } from 'plotly.js';
import { check } from '../core/check.js';
import { revealForDisplay } from '../core/diagnostic.js';
import { OptionError } from '../core/errors.js';
import type { MetricResult } from '../core/results.js';
import { shortNumber } from './html-table.js';
import type { Scored } from './metrics-table.js';
import { PlotlyFigure } from './plotly.js';
import { diagnosticNote } from './run-names.js';
import { studentInterval } from './student-interval.js';
import { chartTitle, lineAxis, lineLayout, styleAt } from './style.js';

/** One set of synthetic images, scored in two ways: the same classifiers, selected differently. */
export interface ScoredTwice {
  /** Selected on private data without noise. */
  readonly reference: Scored;
  /** Selected in an honest way, or not at all. */
  readonly honest: Scored;
}

/**
 * How much selecting on private data flatters: the accuracy by the biased selection less the accuracy by an honest one, a point for
 * each pair (a seed, say), and their mean with its 95 % interval (Student's, over the pairs).
 *
 * @throws OptionError for less than two pairs, or pairs that were not selected in two ways.
 * @example
 * const twice = async (images) => ({
 *   reference: await dp.evaluate({ images, dataset, metrics: ['accuracy'], selection: 'reference', heldOut: 600 }),
 *   honest: await dp.evaluate({ images, dataset, metrics: ['accuracy'], selection: 'final' }),
 * });
 * dp.selectionOptimism(await Promise.all(runs.map((run) => twice(run.images))))
 */
export function selectionOptimism(pairs: readonly ScoredTwice[]): PlotlyFigure {
  const asked = 'dp.selectionOptimism';
  check('count', asked, { 'number of pairs': pairs.length - 1 });
  const scores = pairs.map(
    ({ reference, honest }) => [accuracyOf(asked, reference), accuracyOf(asked, honest)] as const,
  );
  const [first, second] = scores[0]!;
  const ways = [wayOf(first), wayOf(second)];
  const differ = scores.find(([one, other]) => wayOf(one) !== ways[0] || wayOf(other) !== ways[1]);
  if (differ || ways[0] === ways[1])
    throw new OptionError({
      asked,
      wrong: 'the pairs are not selected in two ways, the same for all',
      got: (differ ?? scores[0]!).map(wayOf),
      expected: 'two selections of classifiers',
    });
  const gains = scores.map(([one, other]) => revealForDisplay(one.value) - revealForDisplay(other.value));
  const { mean, lower, upper } = studentInterval(gains);
  const words = `mean ${shortNumber(mean)} points, 95 % interval ${shortNumber(lower)} to ${shortNumber(upper)}, ${pairs.length} seeds`;
  return new PlotlyFigure(traces(gains, { mean, lower, upper }), {
    ...lineLayout,
    ...chartTitle(`What ${ways[0]} adds to accuracy, ${pairs[0]!.reference.dataset}`, [
      `less ${ways[1]}; ${words}`,
      diagnosticNote,
    ]),
    xaxis: lineAxis('set of synthetic images'),
    yaxis: { ...lineAxis('accuracy gained (percentage points)'), rangemode: 'tozero' },
    showlegend: true,
  });
}

function accuracyOf(asked: string, { metrics, name }: Scored): MetricResult {
  const found = metrics['accuracy'];
  if (found) return found;
  throw new OptionError({ asked, wrong: `${name ?? 'a result'} has no accuracy`, got: Object.keys(metrics) });
}

const wayOf = ({ variant }: MetricResult): string => variant ?? 'selection: synthetic';

function traces(gains: readonly number[], interval: { mean: number; lower: number; upper: number }): Data[] {
  const [own, all] = [styleAt(12), styleAt(1)];
  const ends = [0.5, gains.length + 0.5];
  const level = (value: number, name: string, dash: 'solid' | 'dash'): Data => ({
    ...{ type: 'scatter', mode: 'lines', name, x: ends, y: [value, value] },
    line: { color: all.color, dash, width: 2 },
  });
  return [
    {
      ...{ type: 'scatter', mode: 'markers', name: 'one set', x: gains.map((_, i) => i + 1), y: [...gains] },
      marker: { color: own.color, symbol: own.marker, size: 9 },
    },
    level(interval.mean, 'mean', 'solid'),
    level(interval.lower, '95 % interval', 'dash'),
    { ...level(interval.upper, '', 'dash'), showlegend: false } as Data,
  ];
}
