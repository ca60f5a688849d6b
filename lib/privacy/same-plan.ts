import { isDeepStrictEqual } from 'node:util';
import { BudgetError } from '../core/errors.js';
import { describeEvent, type PrivacyEvent } from '../core/events.js';
import type { Ledger } from './ledger.js';

/**
 * Checks that a ledger holds exactly the planned events, in order. Throws `BudgetError` naming the first difference.
 *
 * @example samePlan(ledger, [gaussianEvent(1)]);
 */
export function samePlan(ledger: Ledger, planned: readonly PrivacyEvent[]): void {
  const entries = ledger.entries;
  for (let i = 0; i < Math.max(entries.length, planned.length); i++) {
    const [entry, plan] = [entries[i], planned[i]];
    if (entry && plan && isDeepStrictEqual(entry.event, plan)) continue;
    throw new BudgetError({
      asked: `privacy plan: entry ${i + 1}${entry ? ` (${entry.of})` : ''}`,
      wrong: 'the ledger differs from the plan',
      got: entry ? describeEvent(entry.event) : 'no entry',
      expected: plan ? describeEvent(plan) : 'no entry',
      next: 'Declare in `spends` every release that `fit` makes, in the same order.',
    });
  }
}
