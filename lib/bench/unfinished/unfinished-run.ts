import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BudgetError, DataError, OptionError } from '../../core/errors.js';
import type { PrivacyEvent } from '../../core/events.js';
import { Ledger, type AccountantId, type LedgerOptions } from '../../privacy/index.js';
import { FolderCheckpoint } from './checkpoint.js';
import { FolderJournal } from './journal.js';
import { FolderLock } from './lock.js';
import { writeWhole } from './whole-file.js';

/** What makes a run the one that it is; all of it must be the same for a run to go on. */
export interface RunIdentity {
  /** What was asked for, defaults filled in. */
  readonly request: Readonly<Record<string, unknown>>;
  /** The private data: name, size, classes, shape, and a checksum of the rows. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly delta: number;
  readonly accountant: AccountantId;
  readonly noiseMultiplier: number;
  /** What the run releases in all, sample rates and numbers of steps included. */
  readonly plan: readonly {
    readonly of: string;
    readonly mechanism: string;
    readonly sensitivity: number;
    readonly event: PrivacyEvent;
  }[];
}

/** `request.json`. */
interface RequestFile extends RunIdentity {
  /** Tells this run from all others in a ledger that several share. */
  readonly id: string;
  /** Where the data were; they may lie elsewhere when the run goes on. */
  readonly root: string | null;
  readonly versions: Readonly<Record<string, string>>;
  /** Processes that have worked on the run. */
  readonly processes: number;
}

const suffix = '.unfinished';
const pretrainingNote = 'pretraining';

/** Where a run works until its result folder is there. */
export const unfinishedFolder = (result: string): string => `${result}${suffix}`;

/**
 * A run on its way: the folder `<result>.unfinished`, from which it goes on when its process is killed. It holds
 * `request.json`, `ledger.json`, the values released, the batches begun, the last checkpoint, and the FID curve and the images of
 * stages so far.
 *
 * The folder is for the owner of the data, not for publication: the checksum in it tells which rows were used, and the curve
 * is a diagnostic.
 */
export class UnfinishedRun {
  readonly journal: FolderJournal;
  readonly checkpoint: FolderCheckpoint;

  private constructor(
    readonly folder: string,
    readonly file: RequestFile,
    readonly lock: FolderLock,
  ) {
    this.journal = new FolderJournal(folder);
    this.checkpoint = new FolderCheckpoint(folder, this.journal);
  }

  /**
   * Goes on with the run of a folder, or begins one where there is none, or none that has spent or saved anything.
   *
   * @throws DpbenchError when another process works on it, OptionError when another run lies there, BudgetError when the data
   * or the plan are others, DataError when the folder is damaged.
   */
  static open(folder: string, identity: RunIdentity, about: Pick<RequestFile, 'root' | 'versions'>): UnfinishedRun {
    const lock = FolderLock.take(folder);
    try {
      const stored = holdsWork(folder) ? readRequest(folder) : undefined;
      if (stored) refuseOther(folder, stored, identity);
      const id = stored?.id ?? randomUUID().slice(0, 8);
      const file = { id, ...identity, ...about, processes: (stored?.processes ?? 0) + 1 };
      writeWhole(join(folder, 'request.json'), JSON.stringify(file, null, 2));
      return new UnfinishedRun(folder, file, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** True when an earlier process has worked on the run. */
  get resumed(): boolean {
    return this.file.processes > 1;
  }

  /** Name of this run in a ledger that several share. */
  get name(): string {
    const { method, epsilon, seed } = this.file.request;
    return `${String(method)} at epsilon ${String(epsilon)}, seed ${String(seed)}, run ${this.file.id}`;
  }

  /**
   * The run's ledger, with what earlier processes have spent. Lines that `chargedTo` does not have under the name of this
   * run are charged to it now.
   */
  ledger({ chargedTo, ...options }: LedgerOptions): Ledger {
    const own = { chargedTo, run: this.name };
    const stored = this.journal.ledger({ ...own, dataset: options.dataset });
    if (!stored) return new Ledger({ ...options, ...own });
    const other = firstDifference({ ...stored }, { delta: options.delta, epsilonTarget: options.epsilonTarget });
    if (other) throw new BudgetError({ asked: this.folder, wrong: 'the ledger is of another run', ...other });
    const charged = chargedTo?.entries.filter(({ run }) => run === this.name).length ?? 0;
    for (const { epsilonAfter: _epsilon, accountant: _accountant, ...record } of stored.entries.slice(charged))
      chargedTo?.record({ ...record, run: this.name });
    return stored;
  }

  /** The result is there: nothing is left of the folder. */
  finish(): void {
    this.journal.close();
    const aside = join(dirname(this.folder), `.${basename(this.folder)}-${this.file.id}`);
    renameSync(this.folder, aside); // so that a kill leaves no half folder under its name
    rmSync(aside, { recursive: true, force: true });
  }

  /** Notes where a training on public data works, so that the run is there to go on with though it has spent nothing yet. */
  beginsPretraining(folder: string): void {
    writeWhole(join(this.folder, pretrainingNote), folder);
  }

  /** The run has failed or was aborted: keeps what it spent and saved, if anything. True when the folder was kept. */
  leave(): boolean {
    if (!holdsWork(this.folder)) {
      this.finish();
      return false;
    }
    this.journal.close();
    this.lock.release();
    return true;
  }
}

/** What to run to go on with an unfinished run: its request and its place. */
export function readUnfinished(folder: string): { request: Record<string, unknown>; root: string | null; out: string } {
  const asked = `dp.resume('${folder}')`;
  const found = [folder, unfinishedFolder(folder)].find((path) => existsSync(join(path, 'request.json')));
  if (!found?.endsWith(suffix))
    throw new DataError({ asked, wrong: 'there is no unfinished run', expected: `a folder that ends in ${suffix}` });
  const { request, root } = readRequest(found);
  return { request: { ...request }, root, out: found.slice(0, -suffix.length) };
}

/** True when a run has spent or saved something there. */
function holdsWork(folder: string): boolean {
  const files = ['checkpoint.safetensors', pretrainingNote];
  return new FolderJournal(folder).holdsWork || files.some((name) => existsSync(join(folder, name)));
}

function readRequest(folder: string): RequestFile {
  const path = join(folder, 'request.json');
  try {
    const file = JSON.parse(readFileSync(path, 'utf8')) as RequestFile;
    if (typeof file.id === 'string' && Array.isArray(file.plan) && typeof file.request.method === 'string') return file;
  } catch {
    // Absent or not JSON: the same answer as below.
  }
  throw new DataError({
    asked: path,
    wrong: 'what was asked for cannot be read',
    expected: 'the request of an unfinished run',
    next: 'Restore the file, or move the folder away: what it spent stays spent.',
  });
}

function refuseOther(folder: string, stored: RunIdentity, now: RunIdentity): void {
  const request = firstDifference(stored.request, now.request);
  if (request)
    throw new OptionError({
      asked: 'dp.run',
      wrong: `${folder} holds an unfinished run with other settings`,
      ...request,
      next: 'Choose another `out`, go on by dp.resume(folder), or move the folder away: what it spent stays spent.',
    });
  const rest = ({ data, delta, accountant, noiseMultiplier, plan }: RunIdentity) => ({
    ...data,
    ...{ delta, accountant, noiseMultiplier, plan },
  });
  const other = firstDifference(rest(stored), rest(now));
  if (other)
    throw new BudgetError({
      asked: folder,
      wrong: 'the run began with other data or another plan, and cannot go on with these',
      ...other,
      next: 'Restore them, or move the folder away: what it spent stays spent.',
    });
}

/** The first setting in which two sets differ, as an error shows it; a setting that one lacks is `null`. */
export function firstDifference(
  stored: Readonly<Record<string, unknown>>,
  asked: Readonly<Record<string, unknown>>,
): { got: object; expected: string } | undefined {
  const text = (value: unknown) => JSON.stringify(value ?? null);
  const name = Object.keys(asked).find((name) => text(stored[name]) !== text(asked[name]));
  if (name === undefined) return undefined;
  return { got: { [name]: stored[name] }, expected: JSON.stringify({ [name]: asked[name] }) };
}
