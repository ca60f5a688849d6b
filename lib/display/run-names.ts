import { OptionError } from '../core/errors.js';
import type { RunSummary } from '../core/results.js';

/**
 * A run as the charts and tables take it. `accountant` is compared when it is there: numbers calibrated by different
 * accountants are not shown in one chart. A result of `dp.run` has it in its `config`.
 */
export type ChartRun = RunSummary & {
  readonly accountant?: string;
  readonly config?: { readonly accountant?: string; readonly warmUp?: string };
  /** What it trained on first, of the private data. */
  readonly warmUp?: string;
  /** Its releases, whose relation is compared. */
  readonly ledger?: { readonly entries?: readonly { readonly relation?: string }[] };
};

/** Runs as the displays take them: one, several, or a sweep. */
export type Runs = ChartRun | readonly ChartRun[] | { readonly runs: readonly ChartRun[] };

/** The list of runs, which must not be empty. */
export function runsOf(asked: string, runs: Runs): readonly ChartRun[] {
  const listed = Array.isArray(runs) ? (runs as readonly ChartRun[]) : 'runs' in runs ? runs.runs : [runs as ChartRun];
  if (listed.length > 0) return listed;
  throw new OptionError({ asked, wrong: 'no runs', got: listed, expected: 'at least one run' });
}

/** The one value that all runs share; throws `OptionError` naming the values when they differ. */
export function shared<Item, Value>(
  asked: string,
  what: string,
  items: readonly Item[],
  value: (item: Item) => Value,
  next: string,
): Value {
  const values = [...new Set(items.map(value))];
  if (values.length === 1) return values[0]!;
  throw new OptionError({
    asked,
    wrong: `${what} differs between the runs`,
    got: values,
    expected: 'one for all',
    next,
  });
}

/**
 * An epsilon says the same of two runs only under one accountant, one delta and one neighbouring relation: else the looser
 * accounting looks like the worse method. Delta goes by the dataset, since it depends on its size.
 *
 * @throws OptionError naming what differs.
 */
export function checkOneGuarantee(asked: string, runs: readonly ChartRun[], next: string): void {
  shared(asked, 'the accountant', runs, (run) => run.accountant ?? run.config?.accountant ?? null, next);
  const relationOf = ({ ledger }: ChartRun) => ledger?.entries?.[0]?.relation;
  const known = runs.filter((run) => relationOf(run) !== undefined);
  if (known.length > 0) shared(asked, 'the neighbouring relation', known, relationOf, next);
  for (const [dataset, same] of groupBy(runs, (run) => run.dataset))
    shared(asked, `delta (${dataset})`, same, (run) => run.delta, next);
}

/** The method of a run, with what it trained on before: `dp-merf after central images`. */
export function methodOf(run: ChartRun): string {
  const warmUp = run.warmUp ?? run.config?.warmUp;
  return warmUp === undefined ? run.method : `${run.method} after ${warmUp.replaceAll('-', ' ')}`;
}

/**
 * A name for each run that holds its method and whatever tells it from the other runs.
 *
 * @example runNames([{ method: 'dp-merf', epsilon: 1, … }, { method: 'dp-merf', epsilon: 10, … }])
 * // ['dp-merf, epsilon 1', 'dp-merf, epsilon 10']
 */
export function runNames(runs: readonly ChartRun[]): string[] {
  const parts: readonly ((run: ChartRun) => string)[] = [
    (run) => run.dataset,
    (run) => `epsilon ${run.epsilon}`,
    (run) => `seed ${run.seed}`,
    (run) => `${run.scale} scale`,
  ];
  const telling = parts.filter((part) => new Set(runs.map(part)).size > 1);
  return runs.map((run) => [methodOf(run), ...telling.map((part) => part(run))].join(', '));
}

/** The items by a key, keys in the order in which they first come (`Map.groupBy`, which Node 20 lacks). */
export function groupBy<Item, Key>(items: readonly Item[], key: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

/** What each chart of scores says below its title. */
export const diagnosticNote = 'diagnostic: computed from private data without noise, not differentially private';
