import { check } from '../core/check.js';
import { OptionError } from '../core/errors.js';
import type { Displayable } from '../core/mime.js';
import type { MetricResult } from '../core/results.js';
import { diagnosticTable } from './diagnostic-table.js';
import type { TextTable } from './html-table.js';
import { intervalText, scoreText, type Scored } from './metrics-table.js';
import { groupBy } from './run-names.js';

/**
 * Runs or evaluations side by side: one row a metric, one column a result. Scores that cannot be compared stand in rows of
 * their own: of two feature extractors, or of two ways to select a classifier. Results against different datasets are refused.
 *
 * @throws OptionError for less than two results, or for results against different datasets.
 * @example dp.compare(run, await dp.evaluate({ images: 'theirs.npz', dataset: 'mnist' }))
 */
export function compare(...results: readonly Scored[]): Displayable & { toString(): string } {
  const asked = 'dp.compare';
  check('count', asked, { 'number of results': results.length - 1 });
  const datasets = [...new Set(results.map(({ dataset }) => dataset))];
  if (datasets.length > 1)
    throw new OptionError({
      asked,
      wrong: 'the results are scores against different datasets',
      got: datasets,
      expected: 'one dataset',
    });
  return diagnosticTable(`Scores against ${datasets[0]}`, tableOf(results));
}

function tableOf(results: readonly Scored[]): TextTable {
  const entries = results.flatMap((result, column) =>
    Object.values(result.metrics).map((score) => ({ score, column, key: comparable(score, result) })),
  );
  // Ways to compute the same metric stand one below the other.
  const byMetric = [...groupBy(entries, ({ score }) => score.metric).values()].flat();
  const rows = [...groupBy(byMetric, ({ key }) => key).values()].map((same) => {
    const { score } = same[0]!;
    const cells = results.map((_, column) => cellOf(same.find((entry) => entry.column === column)?.score));
    return [score.title, wayOf(score), score.better, ...cells];
  });
  const names = results.map((result, i) => `${i + 1}: ${nameOf(result)}`);
  return {
    header: ['metric', 'by', 'better', ...names],
    rows,
    numeric: results.map((_, i) => i + 3),
  };
}

/** What must be the same for two scores to be compared. */
function comparable({ metric, features, variant, against }: MetricResult, { scale }: Scored): string {
  return JSON.stringify([metric, features, variant, against, scale]);
}

const wayOf = ({ features, variant, against }: MetricResult) => [features, variant, against].filter(Boolean).join(', ');

function cellOf(score: MetricResult | undefined): string {
  if (!score) return '';
  const interval = intervalText(score);
  return [
    scoreText(score),
    interval && `(${interval})`,
    score.biased === undefined ? '' : 'BIASED',
    `n = ${score.samples.toLocaleString('en-US')}`,
  ]
    .filter(Boolean)
    .join(' ');
}

function nameOf({ method, epsilon, name, scale }: Scored): string {
  const own = method ? `${method}, epsilon ${epsilon}` : (name ?? 'images');
  return `${own}, ${scale} scale`;
}
