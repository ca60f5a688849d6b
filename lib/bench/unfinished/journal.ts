import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { BudgetError, DataError } from '../../core/errors.js';
import type { Journal, ReleasedValue } from '../../mechanisms/journal.js';
import { Ledger, type LedgerOptions } from '../../privacy/index.js';
import { syncFolder, writeWhole } from './whole-file.js';

/**
 * The journal of a run in its folder: `ledger.json`, `release-<index>.json` for each value, and `begun-<index>`, a file with
 * one byte for each batch begun: a byte is on disk or not, so that a kill leaves no half number.
 */
export class FolderJournal implements Journal {
  readonly #files = new Map<number, number>();

  constructor(readonly folder: string) {}

  charged(ledger: Ledger): void {
    writeWhole(this.#path('ledger.json'), JSON.stringify(ledger, null, 2));
  }

  released(index: number, value: ReleasedValue): void {
    const path = this.#path(`release-${index}.json`);
    if (existsSync(path))
      throw new BudgetError({ asked: path, wrong: 'this release was made before, and one is paid for' });
    const content = encode(value);
    writeWhole(path, JSON.stringify({ ...content, digest: digestOf(content) }));
  }

  stored(index: number): ReleasedValue | undefined {
    const path = this.#path(`release-${index}.json`);
    return existsSync(path) ? readRelease(path) : undefined;
  }

  begun(index: number, step: number): void {
    const before = this.begunSteps(index);
    if (step <= before)
      throw new BudgetError({
        asked: this.#path(`begun-${index}`),
        wrong: 'this batch was drawn before, and one is paid for',
        got: step,
        expected: `batch ${before + 1}`,
      });
    let file = this.#files.get(index);
    if (file === undefined) {
      file = openSync(this.#path(`begun-${index}`), 'a');
      syncFolder(this.folder);
      this.#files.set(index, file);
    }
    writeSync(file, '.'.repeat(step - before));
    fdatasyncSync(file);
  }

  begunSteps(index: number): number {
    return statSync(this.#path(`begun-${index}`), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** How many batches of each release were begun, by index. */
  allBegun(): Record<string, number> {
    const indices = readdirSync(this.folder).flatMap((name) => /^begun-(\d+)$/.exec(name)?.[1] ?? []);
    return Object.fromEntries(indices.map((index) => [index, this.begunSteps(Number(index))]));
  }

  /** True once anything was charged. */
  get holdsWork(): boolean {
    return readdirSync(this.folder).some((name) => /^(ledger\.json|release-.*|begun-.*)$/.test(name));
  }

  /**
   * The ledger of the earlier processes, every epsilon computed anew; undefined when nothing was charged.
   *
   * @throws BudgetError when it was changed or lacks a release that the folder holds, DataError when it cannot be read.
   */
  ledger(options: Pick<LedgerOptions, 'chargedTo' | 'run' | 'dataset'>): Ledger | undefined {
    const path = this.#path('ledger.json');
    const ledger = existsSync(path) ? readLedger(path, options) : undefined;
    const entries = ledger?.entries.length ?? 0;
    const made = readdirSync(this.folder).map((name) => Number(/^(?:release|begun)-(\d+)/.exec(name)?.[1] ?? -1));
    const index = Math.max(...made, -1);
    if (index < entries) return ledger;
    throw new BudgetError({
      asked: path,
      wrong: `the ledger lacks release ${index + 1}, which was made`,
      got: `${entries} entries`,
      expected: `${index + 1} at least`,
      next: 'Restore the file; what was released stays spent.',
    });
  }

  close(): void {
    for (const file of this.#files.values()) closeSync(file);
    this.#files.clear();
  }

  #path(name: string): string {
    return join(this.folder, name);
  }
}

function readLedger(path: string, options: Pick<LedgerOptions, 'chargedTo' | 'run' | 'dataset'>): Ledger {
  try {
    return Ledger.fromJSON(readFileSync(path, 'utf8'), options);
  } catch (cause) {
    const wrong = `what was spent cannot be read: ${(cause as Error).message.replace(/\.$/, '')}`;
    const next = 'Restore the file as the run wrote it; a run that starts anew spends its budget once more.';
    const Kind = cause instanceof BudgetError ? BudgetError : DataError;
    throw new Kind({ asked: path, wrong, next }, { cause });
  }
}

/** A value as JSON: numbers in their own bytes, little-endian, as base64. */
type Encoded = { readonly type: string; readonly vectors: readonly string[] } | { readonly number: number };

function encode(value: ReleasedValue): Encoded {
  if (typeof value === 'number') return { number: value };
  if (value instanceof Int32Array) return { type: 'int32', vectors: [base64(value)] };
  if (value instanceof Float32Array) return { type: 'float32', vectors: [base64(value)] };
  return { type: 'list of float32', vectors: value.map(base64) };
}

const base64 = ({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

function readRelease(path: string): ReleasedValue {
  try {
    const { digest, ...content } = JSON.parse(readFileSync(path, 'utf8')) as Encoded & { readonly digest: string };
    if (digest !== digestOf(content)) throw new Error('the digest does not fit, so the file was changed');
    if ('number' in content) return content.number;
    const bytes = content.vectors.map((text) => Uint8Array.from(Buffer.from(text, 'base64')).buffer);
    if (content.type === 'int32') return new Int32Array(bytes[0]!);
    const vectors = bytes.map((buffer) => new Float32Array(buffer));
    return content.type === 'float32' ? vectors[0]! : vectors;
  } catch (cause) {
    throw new DataError(
      {
        asked: path,
        wrong: `the release cannot be read: ${(cause as Error).message}`,
        next: 'Restore the file: it is paid for and cannot be made again.',
      },
      { cause },
    );
  }
}

const digestOf = (content: object): string => createHash('sha256').update(JSON.stringify(content)).digest('hex');
