import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../../../lib/tensor/runtime/lock.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dpbench-lock-'));
  path = join(folder, 'setup.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;

describe('withLock', () => {
  it('lets one in at a time, also when all find the lock of a dead process', async () => {
    writeFileSync(path, `${deadPid()} ${hostname()} token`);
    let inside = 0;
    let most = 0;
    let done = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await sleep(5);
      inside--;
      done++;
    };
    await Promise.all(Array.from({ length: 8 }, () => withLock(path, work)));
    expect({ most, done }).toEqual({ most: 1, done: 8 });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('waits for a living holder and says which', async () => {
    writeFileSync(path, `${process.pid} ${hostname()} token`);
    const told: string[] = [];
    const waiting = withLock(
      path,
      () => Promise.resolve('in'),
      (holder) => told.push(holder),
    );
    await sleep(500);
    expect(told).toEqual([`process ${process.pid} on ${hostname()}`]);
    rmSync(path);
    expect(await waiting).toBe('in');
  });

  it('takes over a lock of another machine only when nobody has touched it for a minute', async () => {
    writeFileSync(path, '1 another-machine token');
    let entered = false;
    const waiting = withLock(path, async () => {
      entered = true;
    });
    await sleep(300);
    expect(entered).toBe(false);
    const twoMinutesAgo = new Date(Date.now() - 120_000);
    utimesSync(path, twoMinutesAgo, twoMinutesAgo);
    await waiting;
    expect(entered).toBe(true);
  });

  it('is free again after work that failed', async () => {
    await expect(withLock(path, () => Promise.reject(new Error('failed work')))).rejects.toThrow('failed work');
    expect(existsSync(path)).toBe(false);
  });
});
