import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DpbenchError } from '../../core/errors.js';

/** Another process works there. */
export class FolderInUse extends DpbenchError {
  override name = 'FolderInUse';
}

/**
 * Lets one process at a time work in a folder; another is refused, not made to wait. (The lock of `lib/tensor/runtime` waits,
 * and takes a lock over when it was not touched for a minute: a run that computes for a minute without a pause, or a laptop
 * that slept, would then have a second process draw batches beside it.)
 *
 * The lock is the file `lock-<n>` with the largest n. One whose process has ended is never removed but outnumbered: of two
 * processes that find it, one makes `lock-<n+1>` and the other is refused, since making a link fails where one is.
 */
export class FolderLock {
  private constructor(readonly path: string) {}

  /**
   * Makes the folder where it is absent.
   *
   * @throws FolderInUse naming the process that works there.
   */
  static take(folder: string): FolderLock {
    mkdirSync(folder, { recursive: true });
    const last = Math.max(0, ...readdirSync(folder).map((name) => Number(/^lock-(\d+)$/.exec(name)?.[1] ?? 0)));
    if (last > 0) refuseUnlessEnded(folder, join(folder, `lock-${last}`));
    const path = join(folder, `lock-${last + 1}`);
    const own = join(folder, `.${randomUUID()}`);
    writeFileSync(own, JSON.stringify(holderOf(process.pid)));
    try {
      linkSync(own, path); // whole at once, and only where there is none
    } catch {
      refuseUnlessEnded(folder, path);
      throw atWork(folder, 'another process');
    } finally {
      rmSync(own, { force: true });
    }
    return new FolderLock(path);
  }

  release(): void {
    rmSync(this.path, { force: true });
  }
}

/** A process, told apart from a later one of the same number by when it started. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Absent where the system does not say, or when the process has ended. */
  readonly started?: string | undefined;
}

const holderOf = (pid: number): Holder => ({ pid, host: hostname(), started: startOf(pid) });

function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The command in brackets may hold spaces; after it come the state and, as the 20th, the start in clock ticks.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

function refuseUnlessEnded(folder: string, lock: string): void {
  let holder: Holder;
  try {
    holder = JSON.parse(readFileSync(lock, 'utf8')) as Holder;
  } catch {
    return; // it was released just now, or a power cut left it empty
  }
  if (holder.host !== hostname())
    throw atWork(folder, `process ${holder.pid} on ${holder.host}`, `If it has ended there, remove ${lock}.`);
  if (isAlive(holder)) throw atWork(folder, `process ${holder.pid}`);
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return started === undefined || startOf(pid) === started;
}

const atWork = (folder: string, got: string, next = 'Wait for it, or end it.') =>
  new FolderInUse({ asked: folder, wrong: 'another process works on this run', got, next });
