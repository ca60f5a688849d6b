import { BudgetError } from '../core/errors.js';
import type { PrivacyEvent } from '../core/events.js';
import type { Named } from '../core/registry.js';
import { spendingOf, type Release } from './releases.js';

/** Where the true epsilon lies: never above `upper` (the guarantee), never below `lower`. */
export interface EpsilonBracket {
  readonly lower: number;
  readonly estimate: number;
  readonly upper: number;
}

/** Settings that only some accountants read. */
export interface AccountantOptions {
  /**
   * Orders of the RDP accountant: `wide` (default), `reference` (1.1, 1.2, ..., 10.9 and 12, 13, ..., 63, with the
   * reference's conversion, which never gets below 0.13 at delta 1.7e-6), or a list of orders above 1.
   */
  readonly orders?: 'wide' | 'reference' | readonly number[];
}

/** Turns what mechanisms spent into an epsilon. */
export interface Accountant extends Named {
  /** Name for people. */
  readonly title: string;
  /**
   * The epsilon of an event at a delta in (0, 1). Nothing costs 0, an unprotected release costs Infinity.
   * Throws `BudgetError` with the name of the part when `refuses` names one.
   */
  epsilon(event: PrivacyEvent, delta: number, options?: AccountantOptions): EpsilonBracket;
  /** The upper end alone, where that costs less than the whole bracket; calibration asks for nothing else. */
  upper?(event: PrivacyEvent, delta: number, options?: AccountantOptions): number;
  /** The part of the event that this accountant does not understand, at any depth; undefined when it takes it. */
  refuses(event: PrivacyEvent): string | undefined;
}

/** A bracket of one value. */
export const exactly = (epsilon: number): EpsilonBracket => ({ lower: epsilon, estimate: epsilon, upper: epsilon });

/** The releases of an event that an accountant accepts, or the bracket when there is nothing left to compute. */
export function releasesOrBracket(accountant: Accountant, event: PrivacyEvent): readonly Release[] | EpsilonBracket {
  const part = accountant.refuses(event);
  if (part !== undefined)
    throw new BudgetError({
      asked: `accountant ${accountant.id}`,
      wrong: 'a part of the event is of a kind that it cannot account for',
      got: part,
      next: 'Use another accountant, or events that it knows.',
    });
  const { releases, nonPrivate } = spendingOf(event);
  if (nonPrivate) return exactly(Infinity);
  return releases.length === 0 ? exactly(0) : releases;
}
