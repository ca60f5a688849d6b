import type { Data } from 'plotly.js';
import { check } from '../core/check.js';
import { revealForDisplay } from '../core/diagnostic.js';
import { OptionError } from '../core/errors.js';
import { didYouMean } from '../core/nearest.js';
import type { MetricResult } from '../core/results.js';
import { PlotlyFigure } from './plotly.js';
import { checkOneGuarantee, diagnosticNote, groupBy, methodOf, runsOf, shared, type ChartRun } from './run-names.js';
import { chartTitle, dashed, lineAxis, lineLayout, methodStyles } from './style.js';

/** What `epsilonUtility` may be told. */
export interface EpsilonUtilityOptions {
  /** Name of the metric on the vertical axis; default `accuracy`. */
  readonly metric?: string;
}

interface Scored {
  readonly run: ChartRun;
  readonly result: MetricResult;
}

interface Point {
  readonly epsilon: number;
  readonly mean: number;
  /** Sample standard deviation over the seeds; 0 for one seed. */
  readonly deviation: number;
  readonly seeds: number;
}

/**
 * A metric against epsilon: one line for each method (and dataset), the mean over seeds, error bars of one sample
 * standard deviation. One chart holds one scale, one accountant, one delta a dataset and one feature extractor;
 * a sweep that mixes any of them is refused with `OptionError`, because its points cannot be compared.
 *
 * @example dp.epsilonUtility(sweep, { metric: 'fid' })
 */
export function epsilonUtility(
  sweep: { readonly runs: readonly ChartRun[] },
  { metric = 'accuracy' }: EpsilonUtilityOptions = {},
): PlotlyFigure {
  const asked = 'dp.epsilonUtility';
  const all = runsOf(asked, sweep);
  const scored = all.flatMap((run) => (run.metrics[metric] ? [{ run, result: run.metrics[metric] }] : []));
  if (scored.length === 0) throw noSuchMetric(asked, metric, all);
  checkComparable(asked, scored);
  const { run, result } = scored[0]!;
  const datasets = [...new Set(scored.map((one) => one.run.dataset))];
  const series = seriesOf(asked, scored);
  const epsilons = [...new Set(scored.map((one) => one.run.epsilon))].sort((a, b) => a - b);
  const features = result.features === undefined ? '' : `, ${result.features}`;
  const missing = all.length - scored.length;
  const left = missing === 0 ? '' : `; ${missing} of ${all.length} runs lack the metric`;
  return new PlotlyFigure(lines(series, datasets), {
    ...lineLayout,
    ...chartTitle(`${metric} against epsilon, ${datasets.join(', ')}, ${run.scale} scale`, [
      seedWords(series),
      `${diagnosticNote}${left}`,
      ...(result.variant === undefined ? [] : [result.variant]),
      ...(result.biased === undefined ? [] : [`BIASED: ${result.biased}`]),
    ]),
    xaxis: {
      ...lineAxis('epsilon'),
      type: 'log',
      tickvals: epsilons,
      ticktext: epsilons.map(String),
    },
    yaxis: lineAxis(`${metric}${result.unit === '' ? '' : ` (${result.unit})`}${features}, ${result.better} is better`),
    showlegend: true,
  });
}

function noSuchMetric(asked: string, metric: string, runs: readonly ChartRun[]): OptionError {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))];
  return new OptionError({
    asked,
    wrong: 'no run has this metric',
    got: metric,
    expected: names.length === 0 ? 'runs with metrics' : names.join(', '),
    next: didYouMean(metric, names),
  });
}

/** One guarantee and one setting a comparison. */
function checkComparable(asked: string, scored: readonly Scored[]): void {
  const next = 'Draw them in separate charts.';
  shared(asked, 'the scale', scored, ({ run }) => run.scale, next);
  shared(asked, 'the feature extractor', scored, ({ result }) => result.features ?? null, next);
  for (const same of groupBy(scored, ({ run }) => run.dataset).values())
    shared(asked, 'the number of real records', same, ({ result }) => result.against ?? null, next);
  shared(asked, 'the way in which it was computed', scored, ({ result }) => result.variant ?? null, next);
  if (scored[0]!.result.features !== undefined)
    shared(asked, 'the number of samples', scored, ({ result }) => result.samples, next);
  const runs = scored.map(({ run }) => run);
  checkOneGuarantee(asked, runs, next);
  for (const { run } of scored) check('positive', asked, { epsilon: run.epsilon });
}

type Series = ReadonlyMap<string, { readonly method: string; readonly dataset: string; readonly points: Point[] }>;

function seriesOf(asked: string, scored: readonly Scored[]): Series {
  const groups = groupBy(scored, ({ run }) => `${methodOf(run)}, ${run.dataset}`);
  return new Map(
    [...groups].map(([name, members]) => {
      const byEpsilon = groupBy(members, ({ run }) => run.epsilon);
      const points = [...byEpsilon].map(([epsilon, same]) => pointOf(asked, epsilon, same));
      const { run } = members[0]!;
      return [
        name,
        { method: methodOf(run), dataset: run.dataset, points: points.sort((a, b) => a.epsilon - b.epsilon) },
      ];
    }),
  );
}

function pointOf(asked: string, epsilon: number, same: readonly Scored[]): Point {
  const seeds = same.map(({ run }) => run.seed);
  if (new Set(seeds).size < seeds.length)
    throw new OptionError({
      asked,
      wrong: `two runs of ${same[0]!.run.method} on ${same[0]!.run.dataset} at epsilon ${epsilon} have the same seed`,
      got: seeds,
      expected: 'one run for each seed',
      next: 'Runs with other parameters belong in another chart.',
    });
  const values = same.map(({ result }) => revealForDisplay(result.value));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0;
  return { epsilon, mean, deviation, seeds: values.length };
}

function lines(series: Series, datasets: readonly string[]): Data[] {
  const styles = methodStyles([...series.values()].map((one) => one.method));
  return [...series].map(([name, { method, dataset, points }]) => {
    const own = styles.get(method)!;
    const style = datasets.length > 1 ? dashed(own, datasets.indexOf(dataset)) : own;
    return {
      type: 'scatter',
      mode: 'lines+markers',
      name: datasets.length > 1 ? name : method,
      x: points.map((point) => point.epsilon),
      y: points.map((point) => point.mean),
      error_y: {
        type: 'data',
        array: points.map((point) => point.deviation),
        visible: points.some((p) => p.seeds > 1),
      },
      line: { color: style.color, dash: style.dash, width: 2 },
      marker: { color: style.color, symbol: style.marker, size: 7 },
    };
  });
}

function seedWords(series: Series): string {
  const counts = [...series.values()].flatMap(({ points }) => points.map((point) => point.seeds));
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (most === 1) return 'one seed, so no error bars';
  return `mean of ${least === most ? most : `${least} to ${most}`} seeds, bars are one sample standard deviation`;
}
