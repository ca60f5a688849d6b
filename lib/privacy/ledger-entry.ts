import type { NeighbouringRelation, PrivacyEvent } from '../core/events.js';

/** What a mechanism tells the ledger about one release (a whole training loop is one, `self-composed`). */
export interface LedgerRecord {
  /** What was released, in words: `label-wise mean embedding`. */
  readonly of: string;
  /** Name of the mechanism: `gaussian`, `dp-sgd`. */
  readonly mechanism: string;
  readonly event: PrivacyEvent;
  readonly relation: NeighbouringRelation;
  /** Whether the harness found the noise for the budget or the method fixed it. */
  readonly noise?: 'calibrated' | 'fixed';
  /** Largest change between neighbours, in the units of what was released and the norm of the mechanism. */
  readonly sensitivity?: number;
  /** Standard deviation of Gaussian noise, scale of Laplace noise, in the same units. */
  readonly noiseScale?: number;
  /**
   * What is done against attacks on the floating-point numbers of the noise. `exact`: none is possible. `rounded`: value and
   * noise are put on one lattice, which hides the digits that known attacks read, without a proof.
   */
  readonly arithmetic?: 'exact' | 'rounded';
  /** One of several disjoint parts of the data that the release saw; the whole when left out. */
  readonly part?: string;
  /** Name of the division that made these parts, when there are several: parts of two divisions overlap. */
  readonly division?: string;
  /** Data that the ledger is about; two names in one ledger are refused. */
  readonly dataset?: string;
  /** Run that made the release, in a ledger that several runs share. */
  readonly run?: string;
}

/** A line of the ledger: the record and what all lines up to it have spent. */
export interface LedgerEntry extends LedgerRecord {
  /** Upper bound of the epsilon of this line and all before it. */
  readonly epsilonAfter: number;
  /** The accountant that computed it. */
  readonly accountant: string;
}
