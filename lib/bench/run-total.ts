import type { RunSummary } from '../core/results.js';
import { Ledger } from '../privacy/index.js';

/**
 * What several runs on one dataset have cost together, as a ledger with every release of every run, at the smallest of their
 * deltas. Choosing one of them by a score, or publishing them all, costs that total and not the epsilon of one.
 *
 * @example totalLedger(sweep.runs, 'mnist-10k').spent().upper
 * @throws BudgetError when the runs were analysed under different relations, DataError when a stored ledger cannot be read.
 */
export function totalLedger(runs: readonly RunSummary[], dataset: string): Ledger {
  const own = runs.filter((run) => run.dataset === dataset);
  const total = new Ledger({ delta: Math.min(...own.map(({ delta }) => delta)), dataset });
  for (const run of own)
    for (const { epsilonAfter: _epsilon, accountant: _accountant, ...record } of ledgerOf(run).entries)
      total.record({ ...record, run: `${run.method} at epsilon ${run.epsilon}, seed ${run.seed}` });
  return total;
}

/** A fresh run holds its ledger, a stored one the JSON of it. */
function ledgerOf(run: RunSummary): Ledger {
  const { ledger } = run as RunSummary & { readonly ledger: unknown };
  return ledger instanceof Ledger ? ledger : Ledger.fromJSON(ledger);
}

/** One sentence for each dataset, for people; a total that cannot be computed is named with its reason. */
export function totalWords(runs: readonly RunSummary[]): string {
  const datasets = [...new Set(runs.map(({ dataset }) => dataset))];
  return datasets
    .map((dataset) => {
      const count = runs.filter((run) => run.dataset === dataset).length;
      try {
        const total = totalLedger(runs, dataset);
        const upper = Number(total.spent().upper.toPrecision(4));
        return `The ${count} runs on ${dataset} together cost epsilon ${upper} at delta ${total.delta.toPrecision(3)}.`;
      } catch (error) {
        return `What the ${count} runs on ${dataset} cost together is unknown: ${(error as Error).message}`;
      }
    })
    .join('\n');
}
