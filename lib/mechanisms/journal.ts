import type { Ledger } from '../privacy/index.js';

/** What a mechanism releases, as it is kept: vectors, counts or the place of a candidate. */
export type ReleasedValue = Float32Array | readonly Float32Array[] | Int32Array | number;

/**
 * Where `Mechanisms` writes what it does, so that a run that was killed goes on without spending anything twice. Every call
 * returns when its line is on disk: the mechanism goes on only then. `index` counts the releases of the plan from 0.
 *
 * Order in a release: `charged`, then rows are read, then `released`. A release that is charged and not stored was lost with
 * its process and cannot be had again. In DP-SGD `begun` comes before each batch is drawn; a resumed run goes on with the
 * batch after `begunSteps`, so that batches whose gradients were lost are paid for and not drawn again.
 */
export interface Journal {
  /** After each new line of the ledger, before any row is read. */
  charged(ledger: Ledger): void;
  /** The value of a release, once it is made. */
  released(index: number, value: ReleasedValue): void;
  /** That value, from this process or an earlier one. */
  stored(index: number): ReleasedValue | undefined;
  /** Batch `step`, from 1, of a release is about to be drawn. */
  begun(index: number, step: number): void;
  /** How many batches of a release were begun, by this process or earlier ones. */
  begunSteps(index: number): number;
}
