import { check, checkOneOf } from '../core/check.js';
import { BudgetError } from '../core/errors.js';
import { composedEvent, relationOf } from '../core/events.js';
import { accountants, type AccountantId } from './accountants.js';
import type { EpsilonBracket } from './contract.js';
import { epsilonOf } from './epsilon.js';
import type { LedgerEntry, LedgerRecord } from './ledger-entry.js';
import { digestOf, infinityAsWord, readLedgerFile, wordAsInfinity } from './ledger-file.js';

export interface LedgerOptions {
  /** In (0, 1), for the whole ledger. */
  readonly delta: number;
  /** Default: pld, or rdp where pld refuses an entry. */
  readonly accountant?: AccountantId;
  /** What may be spent in all; a record that would exceed it is refused before it is written. */
  readonly epsilonTarget?: number;
  /** Writes every record to this ledger too, and first: runs on the same data then have a total. */
  readonly chargedTo?: Ledger;
  /** Name of this run in that ledger. */
  readonly run?: string;
  /** Data that the ledger is about; without it, the first record that names some decides. */
  readonly dataset?: string;
}

const slack = 1 + 1e-9;
/** Stored epsilons are compared to this relative precision: they pass through another program's accountant of the same kind. */
const storedPrecision = 1e-6;
const relations = ['add-or-remove-one', 'replace-one'] as const;

/**
 * What was released about one dataset, and what it cost so far. Lines are only ever added; each is frozen.
 *
 * Releases that saw disjoint parts of the data (`part`) cost the largest of the parts, not their sum: a record is in one
 * part only (McSherry 2009, parallel composition). Which part a record is in must not depend on the other records. Parts of
 * several divisions overlap: a record is in one part of each, and the dearest such choice counts.
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
  readonly #labels: Pick<LedgerRecord, 'run' | 'dataset'>;
  readonly #chargedTo: Ledger | undefined;
  readonly #entries: LedgerEntry[] = [];

  constructor({ delta, accountant, epsilonTarget, chargedTo, run, dataset }: LedgerOptions) {
    check('probability', 'Ledger', { delta });
    if (epsilonTarget !== undefined && epsilonTarget !== Infinity) check('positive', 'Ledger', { epsilonTarget });
    if (accountant !== undefined) accountants.get(accountant);
    this.delta = delta;
    this.accountant = accountant;
    this.epsilonTarget = epsilonTarget;
    this.#labels = { ...(run !== undefined && { run }), ...(dataset !== undefined && { dataset }) };
    this.#chargedTo = chargedTo;
    Object.freeze(this);
  }

  /** The lines so far, oldest first (a copy). */
  get entries(): readonly LedgerEntry[] {
    return [...this.#entries];
  }

  /**
   * Writes a line, before the release is made. Throws `BudgetError`, and writes nothing anywhere, when the relation or the
   * dataset differs from the earlier lines' or when the sum would exceed a target.
   */
  record(record: LedgerRecord): LedgerEntry {
    const labelled = { ...record, ...this.#labels };
    this.#checkFits(record);
    const entry = this.#entryFor(labelled);
    this.#chargedTo?.record(labelled);
    this.#entries.push(entry);
    return entry;
  }

  /** What all lines have spent together, and the accountant that says so. */
  spent(): EpsilonBracket & { readonly accountant: string } {
    return this.#bracket(this.#entries);
  }

  /** The same by another accountant: `ledger.spentBy('rdp')`; undefined when it cannot take one of the events. */
  spentBy(accountant: AccountantId): EpsilonBracket | undefined {
    const member = accountants.get(accountant);
    if (this.#entries.some(({ event }) => member.refuses(event) !== undefined)) return undefined;
    return this.#bracket(this.#entries, accountant);
  }

  #entryFor(record: LedgerRecord): LedgerEntry {
    const asked = `Ledger.record (${record.of})`;
    this.#checkFits(record);
    const { upper: epsilonAfter, accountant } = this.#bracket([...this.#entries, record]);
    if (this.epsilonTarget !== undefined && epsilonAfter > this.epsilonTarget * slack)
      throw new BudgetError({
        asked,
        wrong: 'the release would exceed the budget, so it was not made',
        got: epsilonAfter,
        expected: `an epsilon of at most ${this.epsilonTarget}`,
        next: 'Calibrate the noise for the whole plan before the first release.',
      });
    return deepFreeze(structuredClone({ ...record, epsilonAfter, accountant }));
  }

  #checkFits(record: LedgerRecord): void {
    const asked = `Ledger.record (${record.of})`;
    checkOneOf('Ledger.record', 'relation', record.relation, relations);
    const analysed = relationOf(record.event) ?? record.relation;
    if (analysed !== record.relation)
      throw new BudgetError({
        asked,
        wrong: 'the event was analysed under another neighbouring relation than the record states',
        got: record.relation,
        expected: analysed,
      });
    if (record.part !== undefined && record.relation === 'replace-one')
      throw new BudgetError({
        asked,
        wrong: 'a replaced record may move to another part, so disjoint parts do not compose in parallel',
        got: record.relation,
        expected: 'add-or-remove-one',
      });
    for (const [name, words] of [
      ['relation', 'mix neighbouring relations'],
      ['dataset', 'add up different datasets'],
    ] as const) {
      const own = name === 'dataset' ? this.#labels.dataset : undefined;
      const first = own ?? this.#entries.find((entry) => entry[name] !== undefined)?.[name];
      if (first === undefined || record[name] === undefined || first === record[name]) continue;
      throw new BudgetError({
        asked,
        wrong: `one ledger cannot ${words}`,
        got: record[name],
        expected: first,
        next: name === 'relation' ? 'Analyse both releases under one relation.' : 'Keep a ledger for each dataset.',
      });
    }
  }

  /** The dearest of the disjoint parts, each with all that saw the whole data. */
  #bracket(
    lines: readonly LedgerRecord[],
    accountant = this.accountant,
  ): EpsilonBracket & { readonly accountant: string } {
    const costs = memberships(lines).map((group) =>
      epsilonOf(composedEvent(group.map(({ event }) => event)), this.delta, { accountant }),
    );
    const largest = (end: keyof EpsilonBracket) => Math.max(...costs.map((cost) => cost[end]));
    const names = [...new Set(costs.map((cost) => cost.accountant))].join(', ');
    return { lower: largest('lower'), estimate: largest('estimate'), upper: largest('upper'), accountant: names };
  }

  /**
   * Plain data that `fromJSON` reads back: settings, lines, the total with the RDP accountant's beside it, and a digest of
   * all that. An infinite epsilon is the word `Infinity`.
   */
  toJSON() {
    const { lower, estimate, upper, accountant } = this.#bracket(this.#entries);
    const rdp = this.spentBy('rdp')?.upper;
    const content = infinityAsWord({
      delta: this.delta,
      ...(this.accountant !== undefined && { accountant: this.accountant }),
      ...(this.epsilonTarget !== undefined && { epsilonTarget: this.epsilonTarget }),
      entries: this.#entries,
      spent: { lower, estimate, upper, accountant, ...(rdp !== undefined && { rdp }) },
    });
    return { ...content, digest: digestOf(content) };
  }

  /**
   * Reads what `toJSON` wrote, and computes every cumulative epsilon anew: from a result, or from a checkpoint to go on.
   * Throws `BudgetError` when a stored epsilon is not what the lines cost or when anything else was changed, and
   * `DataError` when it is no ledger. The digest catches accidents and careless edits; whoever computes it anew can forge
   * words, but no cost.
   *
   * @param options Where a resumed run charges its further releases; those in the file are not charged again.
   */
  static fromJSON(json: unknown, options: Pick<LedgerOptions, 'chargedTo' | 'run' | 'dataset'> = {}): Ledger {
    const file = readLedgerFile(json);
    const { delta, accountant, epsilonTarget, entries } = wordAsInfinity(file);
    const ledger = new Ledger({ delta, accountant, epsilonTarget, ...options });
    entries.forEach(({ epsilonAfter: stored, accountant: by, ...record }, index) => {
      const computed = ledger.#entryFor(record);
      // What an earlier version computed by another accountant is not what the default is now.
      const { epsilonAfter } =
        computed.accountant === by || !accountants.has(by) ? computed : ledger.#reckonedBy(record, by);
      if (stored !== epsilonAfter && !(Math.abs(stored - epsilonAfter) <= storedPrecision * epsilonAfter))
        throw new BudgetError({
          asked: `Ledger.fromJSON: entry ${index + 1} (${record.of})`,
          wrong: 'the stored epsilon is not what the entries cost: the ledger was changed',
          got: stored,
          expected: String(epsilonAfter),
        });
      ledger.#entries.push(computed);
    });
    const { digest, ...content } = file;
    if (digest !== digestOf(content))
      throw new BudgetError({
        asked: 'Ledger.fromJSON',
        wrong: 'the digest does not fit: the ledger was changed',
        got: digest,
        expected: digestOf(content),
        next: 'Use the file as the run wrote it.',
      });
    return ledger;
  }

  #reckonedBy(record: LedgerRecord, accountant: string): { readonly epsilonAfter: number } {
    return { epsilonAfter: this.#bracket([...this.#entries, record], accountant).upper };
  }
}

/** The ways double with each division; beyond so many the sum of all lines stands for them, which is never less. */
const mostDivisions = 5;

/** The lines that saw a record, for each way of being in one part of each division. */
function memberships(lines: readonly LedgerRecord[]): (readonly LedgerRecord[])[] {
  const divisions = new Map<string, Set<string>>();
  for (const { part, division = '' } of lines)
    if (part !== undefined) divisions.set(division, (divisions.get(division) ?? new Set()).add(part));
  if (divisions.size > mostDivisions) return [lines];
  let ways: ReadonlyMap<string, string>[] = [new Map()];
  for (const [division, parts] of divisions)
    ways = ways.flatMap((way) => [...parts].map((part) => new Map(way).set(division, part)));
  const sees = (way: ReadonlyMap<string, string>, { part, division = '' }: LedgerRecord) =>
    part === undefined || way.get(division) === part;
  return ways.map((way) => lines.filter((line) => sees(way, line)));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
