import type { SeededStream } from '../../core/rng.js';

/** Batches of shuffled passes through a dataset; batch `step`, from 1, is the same however training got there. */
export class ShuffledPasses {
  #order: { readonly pass: number; readonly rows: Uint32Array } | undefined;

  constructor(
    readonly count: number,
    readonly batchSize: number,
    readonly stream: SeededStream,
  ) {}

  batch(step: number): Uint32Array {
    const inPass = Math.floor(this.count / this.batchSize);
    const pass = Math.floor((step - 1) / inPass);
    if (this.#order?.pass !== pass)
      this.#order = { pass, rows: this.stream.fork(`pass ${pass}`).permutation(this.count) };
    const start = ((step - 1) % inPass) * this.batchSize;
    return this.#order.rows.subarray(start, start + this.batchSize);
  }
}
