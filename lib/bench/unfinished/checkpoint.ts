import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { check } from '../../core/check.js';
import { BudgetError, DataError, OptionError } from '../../core/errors.js';
import type { Checkpoint, PlainData, SavedState } from '../../methods/contract.js';
import { loadWeights, saveWeights } from '../../tensor/index.js';
import type { FolderJournal } from './journal.js';

/**
 * Seconds between two checkpoints: what a kill costs at most, and the batches of that time, which stay paid for. 20, or what
 * `DPBENCH_CHECKPOINT_SECONDS` says; 0 for one at every step.
 */
function secondsBetween(): number {
  const seconds = Number(process.env['DPBENCH_CHECKPOINT_SECONDS'] || 20);
  check('notNegative', 'checkpoint', { DPBENCH_CHECKPOINT_SECONDS: seconds });
  return seconds;
}

/**
 * The checkpoint of a run in its folder: `checkpoint.safetensors`, the plain values in its metadata. With them the number of
 * batches begun: a counter that has lost some would have them drawn again.
 */
export class FolderCheckpoint implements Checkpoint {
  readonly #path: string;
  readonly #seconds = secondsBetween();
  #written = performance.now();

  constructor(
    folder: string,
    /** Of the batches that were drawn; a training without private data has none. */
    readonly journal?: FolderJournal,
  ) {
    this.#path = join(folder, 'checkpoint.safetensors');
    // What a killed process was writing.
    for (const name of readdirSync(folder)) if (name.endsWith('.partial')) rmSync(join(folder, name));
  }

  /** True once anything was saved. */
  get saved(): boolean {
    return existsSync(this.#path);
  }

  async load(): Promise<SavedState | undefined> {
    if (!this.saved) return undefined;
    const { tensors, metadata } = await loadWeights(this.#path);
    try {
      const { values, begun } = this.#parse(metadata);
      for (const [index, count] of Object.entries(begun)) {
        const counted = this.journal?.begunSteps(Number(index)) ?? 0;
        if (counted < count)
          throw new BudgetError({
            asked: join(dirname(this.#path), `begun-${index}`),
            wrong: 'batches that were drawn are missing, so that they would be drawn again',
            got: counted,
            expected: `at least ${count}`,
            next: 'Restore the file as the run wrote it.',
          });
      }
      return { tensors, values };
    } catch (error) {
      for (const tensor of Object.values(tensors)) tensor.dispose();
      throw error;
    }
  }

  async save(state: () => SavedState, { now = false }: { readonly now?: boolean } = {}): Promise<void> {
    if (!now && performance.now() - this.#written < 1000 * this.#seconds) return;
    const { tensors, values } = state();
    const begun = this.journal?.allBegun() ?? {};
    await saveWeights(this.#path, tensors, { values: JSON.stringify(values, finite), begun: JSON.stringify(begun) });
    this.#written = performance.now();
  }

  #parse({ values, begun }: Readonly<Record<string, string>>) {
    try {
      return { values: JSON.parse(values!) as PlainData, begun: JSON.parse(begun!) as Record<string, number> };
    } catch (cause) {
      throw new DataError(
        { asked: this.#path, wrong: 'no checkpoint of a run', expected: 'values and begun in its metadata' },
        { cause },
      );
    }
  }
}

function finite(name: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new OptionError({ asked: 'checkpoint', wrong: `${name} is not finite`, got: value });
}
