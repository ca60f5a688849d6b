import { revealForDisplay } from '../core/diagnostic.js';
import type { Displayable } from '../core/mime.js';
import type { MetricResult } from '../core/results.js';
import { diagnosticTable } from './diagnostic-table.js';
import { shortNumber, type TextTable } from './html-table.js';

/** A run, or what `dp.evaluate` gave. */
export interface Scored {
  readonly dataset: string;
  readonly scale: string;
  readonly metrics: Readonly<Record<string, MetricResult>>;
  readonly method?: string;
  readonly epsilon?: number;
  readonly name?: string;
  /** What was done to the images before they were scored. */
  readonly changes?: readonly string[];
}

/**
 * The scores of one run or evaluation as a table: value with its interval, direction, feature extractor, number of samples, and
 * every note; below a score the parts that it was made of.
 *
 * @example dp.metricsTable(run)
 */
export function metricsTable(scored: Scored): Displayable & { toString(): string } {
  return diagnosticTable(headingOf(scored), rowsOf(scored.metrics));
}

function headingOf({ method, name, dataset, epsilon, scale, changes = [] }: Scored): string {
  const who = method ? `${method} on ${dataset}` : `${name ?? 'images'} against ${dataset}`;
  const budget = epsilon === undefined ? '' : `, epsilon ${epsilon}`;
  return `${who}${budget}, ${[`${scale} scale`, ...changes].join(', ')}`;
}

/** A score as people read it: `81.3 %`, `7.32`. */
export function scoreText({ value, unit }: Pick<MetricResult, 'value' | 'unit'>): string {
  return `${shortNumber(revealForDisplay(value))}${unit === '%' ? ' %' : unit && ` ${unit}`}`;
}

/** `80.1 to 82.2`, or nothing. */
export function intervalText({ interval }: Pick<MetricResult, 'interval'>): string {
  if (!interval) return '';
  return `${shortNumber(revealForDisplay(interval.lower))} to ${shortNumber(revealForDisplay(interval.upper))}`;
}

function rowsOf(metrics: Scored['metrics']): TextTable {
  const all = Object.values(metrics);
  const level = all.find(({ interval }) => interval)?.interval?.level;
  const rows = all.flatMap((result) => [
    [
      result.title,
      scoreText(result),
      intervalText(result),
      result.better,
      result.features ?? '',
      result.samples.toLocaleString('en-US'),
      notesOf(result).join('; '),
    ],
    ...(result.parts ?? []).map(({ name, value }) => [
      `\u2003${name}`,
      scoreText({ value, unit: result.unit }),
      ...['', '', '', '', ''],
    ]),
  ]);
  const interval = level === undefined ? 'interval' : `${100 * level} % interval`;
  return { header: ['metric', 'value', interval, 'better', 'features', 'samples', 'notes'], rows, numeric: [1, 5] };
}

/** What a reader must know first: that a value flatters. */
function notesOf({ biased, variant, interval, notes }: MetricResult): string[] {
  return [
    ...(biased === undefined ? [] : [`BIASED: ${biased}`]),
    ...(variant === undefined ? [] : [variant]),
    ...notes,
    ...(interval ? [`interval: ${interval.over}`] : []),
  ];
}
