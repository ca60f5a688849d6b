import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A holder touches its lock this often; one not touched for `staleAfter` belongs to nobody any more. */
const touchEvery = 5_000;
const staleAfter = 60_000;

/**
 * Runs `work` while holding a lock file, so that two processes do not set up the same cache at once. The second waits.
 * A lock whose process has ended (killed in the middle) is taken over: at once on the same machine, by its age when
 * the cache is shared between machines.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, onWait?: (holder: string) => void): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const token = `${process.pid} ${hostname()} ${crypto.randomUUID()}`;
  let told = false;
  while (!(await acquire(path, token))) {
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    if (await isStale(path, holder)) {
      await takeAway(path, holder);
      continue;
    }
    if (!told) onWait?.(`process ${holder.split(' ')[0]} on ${holder.split(' ')[1]}`);
    told = true;
    await sleep(200);
  }
  const touching = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), touchEvery);
  touching.unref();
  try {
    return await work();
  } finally {
    clearInterval(touching);
    if ((await readHolder(path)) === token) await rm(path, { force: true });
  }
}

/** Creates the lock file; false when another has it. Any other failure (a read-only cache) throws. */
async function acquire(path: string, token: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(token);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

async function isStale(path: string, holder: string): Promise<boolean> {
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  if (age > staleAfter) return true;
  const [pid, host] = holder.split(' ');
  // An empty lock is one being written, or one whose writer died between creating and writing it.
  if (holder === '') return age > 2_000;
  return host === hostname() && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes a stale lock. By renaming first: of several who try, one takes the file that all of them judged. */
async function takeAway(path: string, judged: string): Promise<void> {
  const aside = `${path}.${crypto.randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  // Somebody else was quicker and this is their new lock: give it back.
  if ((await readHolder(aside)) !== judged) await rename(aside, path).catch(() => undefined);
  else await rm(aside, { force: true });
}
