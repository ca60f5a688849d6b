import { isDeepStrictEqual } from 'node:util';
import { check, checkOneOf } from '../core/check.js';
import { BudgetError, DataError } from '../core/errors.js';
import { composedEvent, describeEvent, type NeighbouringRelation, type PrivacyEvent } from '../core/events.js';
import type { AccountantId } from './accountants.js';
import type { EpsilonBracket } from './contract.js';
import { epsilonOf } from './epsilon.js';

/** What a mechanism tells the ledger about one release (a whole training loop is one, `self-composed`). */
export interface LedgerRecord {
  /** What was released, in words: `label-wise mean embedding`. */
  readonly of: string;
  /** Name of the mechanism: `gaussian`, `dp-sgd`. */
  readonly mechanism: string;
  readonly event: PrivacyEvent;
  readonly relation: NeighbouringRelation;
  /** In the units of what was released. */
  readonly noiseStandardDeviation?: number;
  readonly l2Sensitivity?: number;
}

/** A line of the ledger: the record and what all lines up to it have spent (upper bound). */
export interface LedgerEntry extends LedgerRecord {
  readonly epsilonAfter: number;
}

export interface LedgerOptions {
  /** In (0, 1), for the whole ledger. */
  readonly delta: number;
  /** Default: the tightest that takes all entries. */
  readonly accountant?: AccountantId;
  /** What may be spent in all; a record that would exceed it is refused before it is written. */
  readonly epsilonTarget?: number;
}

const slack = 1 + 1e-9;
const relations = ['add-or-remove-one', 'replace-one'] as const;

/**
 * What was released about one dataset, and what it cost so far. Lines are only ever added; each is frozen.
 *
 * @example
 * const ledger = new Ledger({ delta: 1e-5, epsilonTarget: 5 });
 * ledger.record({ of: 'class means', mechanism: 'gaussian', event: gaussianEvent(1), relation: 'add-or-remove-one' });
 * ledger.spent().upper   // 4.377
 */
export class Ledger {
  readonly delta: number;
  readonly accountant: AccountantId | undefined;
  readonly epsilonTarget: number | undefined;
  readonly #entries: LedgerEntry[] = [];

  constructor({ delta, accountant, epsilonTarget }: LedgerOptions) {
    check('probability', 'Ledger', { delta });
    if (epsilonTarget !== undefined && epsilonTarget !== Infinity) check('positive', 'Ledger', { epsilonTarget });
    this.delta = delta;
    this.accountant = accountant;
    this.epsilonTarget = epsilonTarget;
  }

  /** The lines so far, oldest first (a copy). */
  get entries(): readonly LedgerEntry[] {
    return [...this.#entries];
  }

  /**
   * Writes a line. Throws `BudgetError`, and writes nothing, when the relation differs from the earlier lines' or when
   * the sum would exceed the target.
   */
  record(record: LedgerRecord): LedgerEntry {
    checkOneOf('Ledger.record', 'relation', record.relation, relations);
    const first = this.#entries[0];
    if (first && first.relation !== record.relation)
      throw new BudgetError({
        asked: `Ledger.record (${record.of})`,
        wrong: 'one ledger cannot mix neighbouring relations',
        got: record.relation,
        expected: first.relation,
        next: 'Analyse both releases under one relation.',
      });
    const all = composedEvent([...this.#entries.map((entry) => entry.event), record.event]);
    const epsilonAfter = this.#bracket(all).upper;
    if (this.epsilonTarget !== undefined && epsilonAfter > this.epsilonTarget * slack)
      throw new BudgetError({
        asked: `Ledger.record (${record.of})`,
        wrong: 'the release would exceed the budget, so it was not made',
        got: epsilonAfter,
        expected: `an epsilon of at most ${this.epsilonTarget}`,
        next: 'Calibrate the noise for the whole plan before the first release.',
      });
    const entry = deepFreeze(structuredClone({ ...record, epsilonAfter }));
    this.#entries.push(entry);
    return entry;
  }

  /** What all lines have spent together. */
  spent(): EpsilonBracket {
    return this.#bracket(this.event());
  }

  /** All lines as one event. */
  event(): PrivacyEvent {
    return composedEvent(this.#entries.map((entry) => entry.event));
  }

  #bracket(event: PrivacyEvent): EpsilonBracket {
    const { lower, estimate, upper } = epsilonOf(event, this.delta, { accountant: this.accountant });
    return { lower, estimate, upper };
  }

  /** Plain data that `fromJSON` reads back; an infinite epsilon is the word `Infinity`. */
  toJSON() {
    const number = (value: number) => (value === Infinity ? ('Infinity' as const) : value);
    return {
      delta: this.delta,
      ...(this.accountant !== undefined && { accountant: this.accountant }),
      ...(this.epsilonTarget !== undefined && { epsilonTarget: number(this.epsilonTarget) }),
      entries: this.#entries.map((entry) => ({ ...entry, epsilonAfter: number(entry.epsilonAfter) })),
    };
  }

  /**
   * Reads what `toJSON` wrote, and computes every cumulative epsilon anew. Throws `BudgetError` when a stored one
   * differs (the file was changed), `DataError` when it is no ledger.
   */
  static fromJSON(json: unknown): Ledger {
    const number = (value: unknown) => (value === 'Infinity' ? Infinity : (value as number));
    const { delta, accountant, epsilonTarget, entries } = readShape(json);
    const ledger = new Ledger({
      delta,
      accountant,
      epsilonTarget: epsilonTarget === undefined ? undefined : number(epsilonTarget),
    });
    entries.forEach(({ epsilonAfter: stored, ...record }, index) => {
      const { epsilonAfter } = ledger.record(record);
      const difference = Math.abs(number(stored) - epsilonAfter);
      if (number(stored) === epsilonAfter || difference <= 1e-9 * epsilonAfter) return;
      throw new BudgetError({
        asked: `Ledger.fromJSON: entry ${index + 1} (${record.of})`,
        wrong: 'the stored epsilon is not what the entries cost: the ledger was changed',
        got: stored,
        expected: String(epsilonAfter),
      });
    });
    return ledger;
  }
}

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

type LedgerJson = ReturnType<Ledger['toJSON']>;

function readShape(json: unknown): LedgerJson {
  try {
    const value = (typeof json === 'string' ? JSON.parse(json) : json) as LedgerJson;
    if (value.entries.every((entry) => typeof entry.event.kind === 'string')) return value;
  } catch {
    // Not JSON, or parts are missing: the same answer as below.
  }
  throw new DataError({
    asked: 'Ledger.fromJSON',
    wrong: 'this is no ledger',
    got: json,
    expected: 'an object with delta and entries, each with its event',
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
