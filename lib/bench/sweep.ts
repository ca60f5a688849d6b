import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkOneOf } from '../core/check.js';
import { OptionError } from '../core/errors.js';
import type { DatasetName } from '../data/index.js';
import type { MethodName } from '../methods/index.js';
import { methods as registry } from '../methods/methods.js';
import { displaySymbol, escapeHtml, type Displayable, type MimeBundle } from '../core/mime.js';
import { progressGroup } from '../core/progress.js';
import type { RunSummary } from '../core/results.js';
import { epsilonUtility } from '../display/epsilon-utility.js';
import type { Ledger } from '../privacy/index.js';
import { readRunSummary, resultsFolder } from './result-folder.js';
import { checkRunOptions, requestOf, type RunOptions } from './run-options.js';
import { run } from './run.js';
import { firstDifference } from './unfinished/unfinished-run.js';
import { totalLedger, totalWords } from './run-total.js';

export interface SweepOptions extends Omit<RunOptions, 'method' | 'dataset' | 'epsilon' | 'seed' | 'ledger'> {
  readonly methods: readonly MethodName[];
  readonly datasets: readonly DatasetName[];
  readonly epsilons: readonly number[];
  readonly seeds?: readonly number[];
  readonly executor?: 'local';
}

/** Many runs. It draws itself as the epsilon-utility plot, with what all runs on a dataset cost together. */
export class Sweep implements Displayable {
  constructor(
    readonly runs: readonly RunSummary[],
    readonly folder: string,
  ) {}

  /** Every release of every run on a dataset: what choosing among the runs, or publishing all of them, costs. */
  total(dataset: string): Ledger {
    return totalLedger(this.runs, dataset);
  }

  [displaySymbol](): MimeBundle | Promise<MimeBundle> {
    const scored = this.runs.some(({ metrics }) => Object.keys(metrics).length > 0);
    const unscored = `${this.runs.length} runs without scores`;
    const bundle = scored
      ? epsilonUtility(this)[displaySymbol]()
      : { 'text/plain': unscored, 'text/html': `<div>${unscored}</div>` };
    const words = totalWords(this.runs);
    return {
      ...bundle,
      'text/plain': `${String(bundle['text/plain'])}\n${words}`,
      ...(typeof bundle['text/html'] === 'string' && {
        'text/html': `${bundle['text/html']}<div>${escapeHtml(words)}</div>`,
      }),
    };
  }
}

/**
 * Every method on every dataset at every epsilon with every seed. Each run has its folder under `out`; a run whose folder is
 * there is read instead of repeated, so that a sweep that was stopped goes on where it was. `publicDataset` and `warmUp` are for the
 * methods that take images to train on first.
 *
 * @example await dp.sweep({ methods: ['dp-merf'], datasets: ['mnist-10k'], epsilons: [1, 10], seeds: [0, 1, 2], out: 'results/sweep' });
 */
export async function sweep(options: SweepOptions): Promise<Sweep> {
  const { methods, datasets, epsilons, seeds = [0], executor = 'local', out, signal, ...rest } = options;
  checkOneOf('dp.sweep', 'executor', executor, ['local']);
  for (const [name, values] of Object.entries({ methods, datasets, epsilons, seeds }))
    if (!Array.isArray(values) || values.length === 0)
      throw new OptionError({ asked: 'dp.sweep', wrong: `${name} is no list with a member`, got: values });
  // Methods that take no public dataset run without; when none takes one, the first check below says so.
  const takes = (method: MethodName) => (registry.get(method).publicData ?? 'none') !== 'none';
  const { publicDataset, warmUp, ...own } = rest;
  const restFor = (method: MethodName) =>
    takes(method) || !methods.some(takes) ? { ...own, publicDataset, warmUp } : own;
  const planned = methods.flatMap((method) =>
    datasets.flatMap((dataset) =>
      epsilons.flatMap((epsilon) =>
        seeds.map((seed): RunOptions => ({ ...restFor(method), signal, method, dataset, epsilon, seed })),
      ),
    ),
  );
  for (const each of planned) checkRunOptions(each); // all of it, before the first hour of work
  // The same request finds its folder again, another one does not.
  const name = createHash('sha256')
    .update(JSON.stringify(planned.map(requestOf)))
    .digest('hex')
    .slice(0, 8);
  const folder = out ? resolve(out) : join(resultsFolder(), `sweep-${name}`);
  return progressGroup(`sweep of ${planned.length} runs`, async (group) => {
    const runs: RunSummary[] = [];
    for (const each of planned) {
      group.part = `run ${runs.length + 1} of ${planned.length}, ${each.method}, epsilon ${each.epsilon}, seed ${each.seed}`;
      runs.push(await runOrRead(each, folder));
    }
    group.keep({ curve: undefined, samples: undefined, epsilon: undefined }); // those of the last run say nothing of all
    return new Sweep(runs, folder);
  });
}

async function runOrRead(options: RunOptions, sweepFolder: string): Promise<RunSummary> {
  const { method, dataset, epsilon, seed, scale = 'laptop' } = options;
  const folder = join(sweepFolder, `${method}-${dataset}-eps${epsilon}-${scale}-seed${seed}`);
  if (!existsSync(folder)) return run({ ...options, out: folder });
  const found = await readRunSummary(folder);
  checkSame(found, options, folder);
  return found;
}

/** A folder made with other settings must not pass for this run. */
function checkSame(found: RunSummary, options: RunOptions, folder: string): void {
  const { request: stored = {} } = found as RunSummary & { readonly request?: Record<string, unknown> };
  const other = firstDifference(stored, requestOf(options));
  if (!other) return;
  throw new OptionError({
    asked: 'dp.sweep',
    wrong: `the result in ${folder} was made with other settings`,
    ...other,
    next: 'Choose another `out`, or move the old result away.',
  });
}
