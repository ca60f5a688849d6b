import { table as arqueroTable, type ColumnTable } from 'arquero';
import { revealForDisplay } from '../core/diagnostic.js';
import type { MetricResult } from '../core/results.js';
import { checkOneGuarantee, groupBy, methodOf, runsOf, type ChartRun, type Runs } from './run-names.js';

/**
 * All runs as an arquero table, one row a run: method, dataset, epsilon, delta, seed, scale, seconds, and one column a
 * metric. A metric on features has the name of its extractor in its column (`fid (inception-v3)`), so that numbers of
 * two extractors never stand in one column; likewise the way in which classifiers were selected, unless it is the usual one, and
 * the number of real records where it differs on one dataset. A run that lacks a metric has null there. Runs under different accountants, or
 * under different deltas on one dataset, are refused with `OptionError`: their epsilons cannot be compared.
 *
 * @example dp.table(sweep).groupby('method').rollup({ accuracy: aq.op.mean('accuracy') })
 */
export function table(runs: Runs): ColumnTable {
  const all = runsOf('dp.table', runs);
  checkOneGuarantee('dp.table', all, 'Make a table of each.');
  const columnName = columnNames(all);
  const metrics = new Set(all.flatMap((run) => Object.entries(run.metrics).map((entry) => columnName(...entry))));
  const metricValue = (run: ChartRun, name: string): number | null => {
    const found = Object.entries(run.metrics).find((entry) => columnName(...entry) === name);
    return found ? revealForDisplay(found[1].value) : null;
  };
  const columns: [string, (run: ChartRun) => unknown][] = [
    ['method', methodOf],
    ['dataset', (run) => run.dataset],
    ['epsilon', (run) => run.epsilon],
    ['delta', (run) => run.delta],
    ['seed', (run) => run.seed],
    ['scale', (run) => run.scale],
    ...[...metrics].map((name): [string, (run: ChartRun) => unknown] => [name, (run) => metricValue(run, name)]),
    ['seconds', (run) => run.seconds],
  ];
  return arqueroTable(columns.map(([name, value]): [string, unknown[]] => [name, all.map(value)]));
}

/** The extractor's own name without what stands in brackets after it, unless two extractors would then look the same. */
function columnNames(runs: readonly ChartRun[]): (id: string, result: MetricResult) => string {
  const short = (features: string) => features.split(' (')[0]!;
  const results = runs.flatMap((run) => Object.values(run.metrics));
  const names = new Set(results.flatMap(({ features }) => features ?? []));
  const clear = new Set([...names].map(short)).size === names.size;
  const differ = [...groupBy(runs, (run) => run.dataset).values()].some(
    (same) => new Set(same.flatMap((run) => Object.values(run.metrics).map(({ against }) => against))).size > 1,
  );
  return (id, { features, variant, against }) => {
    const reference = differ ? against : undefined;
    const told = [features && (clear ? short(features) : features), variant, reference].filter(Boolean).join(', ');
    return told === '' ? id : `${id} (${told})`;
  };
}

export { metricsTable } from './metrics-table.js';
