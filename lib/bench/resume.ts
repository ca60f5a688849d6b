import { resolve } from 'node:path';
import { checkKeys } from '../core/check.js';
import type { Run } from './run-result.js';
import { run } from './run.js';
import type { RunOptions } from './run-options.js';
import { readUnfinished } from './unfinished/unfinished-run.js';

/**
 * Goes on with a run that was killed, aborted or failed, by what its folder says: what was released is not released again,
 * batches that were drawn are not drawn again, and the ledger goes on from what was spent.
 *
 * @param folder `<out>.unfinished`, or `out` itself.
 * @param options `root` when the data lie elsewhere now; `ledger` to charge the run to, its earlier releases too where they are
 * not in it.
 * @throws DataError when there is no unfinished run or its files are damaged, OptionError when its result is there,
 * BudgetError when the data or the plan are not what they were, DpbenchError when another process works on it.
 * @example const run = await dp.resume('results/mine.unfinished');
 */
export async function resume(
  folder: string,
  options: Pick<RunOptions, 'signal' | 'ledger' | 'root'> = {},
): Promise<Run> {
  checkKeys('dp.resume', options, ['signal', 'ledger', 'root']);
  const { request, root, out } = readUnfinished(resolve(folder));
  const given = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== null));
  return run({ ...(given as unknown as RunOptions), root: options.root ?? root ?? undefined, out, ...pick(options) });
}

const pick = ({ signal, ledger }: Pick<RunOptions, 'signal' | 'ledger'>) => ({ signal, ledger });
