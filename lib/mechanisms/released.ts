import { BudgetError } from '../core/errors.js';
import type { NeighbouringRelation, PrivacyEvent } from '../core/events.js';

/** What a release was and cost, and whether the run that paid for it still goes on. */
interface Origin {
  readonly of: string;
  readonly event: PrivacyEvent;
  readonly relation: NeighbouringRelation;
  readonly runEnded: () => boolean;
}

let open: <T>(released: Released<T>) => T;

/**
 * Something that was released under privacy, together with what it cost. Its value can be read in the run that paid for it;
 * another run has to plan `reuse(released)` and pay for it too, else a cached query would be free.
 */
export class Released<out T> {
  readonly of: string;
  readonly event: PrivacyEvent;
  readonly relation: NeighbouringRelation;
  readonly #value: T;
  readonly #runEnded: () => boolean;

  static {
    open = (released) => released.#value;
  }

  constructor(value: T, { of, event, relation, runEnded }: Origin) {
    this.of = of;
    this.event = event;
    this.relation = relation;
    this.#value = value;
    this.#runEnded = runEnded;
  }

  /** Throws `BudgetError` once the run that made the release has ended. */
  get value(): T {
    if (!this.#runEnded()) return this.#value;
    throw new BudgetError({
      asked: `release of '${this.of}'`,
      wrong: 'the run that paid for it has ended, and this one has not charged it',
      next: 'Plan `reuse(released)` in `spends` and read it by `mechanisms.reuse(released)`.',
    });
  }
}

/** The value, for `Mechanisms.reuse`, which charges for it first. */
export const openReleased = <T>(released: Released<T>): T => open(released);
