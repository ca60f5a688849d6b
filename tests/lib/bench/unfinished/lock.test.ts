import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FolderLock } from '../../../../lib/bench/unfinished/lock.js';

const newFolder = () => join(mkdtempSync(join(tmpdir(), 'dpbench-lock-')), 'run');
const holder = (folder: string, name = 'lock-1') =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')) as { pid: number; host: string; started: string };

describe('the lock of a folder', () => {
  it('lets one work, refuses the next at once and lets it in later', () => {
    const folder = newFolder();
    const lock = FolderLock.take(folder);
    expect(() => FolderLock.take(folder)).toThrow(
      `${folder}: another process works on this run; got 'process ${process.pid}'. Wait for it, or end it.`,
    );
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
    FolderLock.take(folder).release();
  });

  it('is taken over from a process that was killed, by one of several', async () => {
    const folder = newFolder();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    FolderLock.take(folder).release();
    writeFileSync(join(folder, 'lock-1'), JSON.stringify({ pid: child.pid, host: hostname() }));
    expect(() => FolderLock.take(folder)).toThrow(`got 'process ${child.pid}'`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = FolderLock.take(folder);
    expect(holder(folder, 'lock-2').pid).toBe(process.pid);
    expect(() => FolderLock.take(folder)).toThrow('another process works on this run');
    lock.release();
  });

  it.skipIf(process.platform !== 'linux')('tells a process from a later one of the same number', () => {
    const folder = newFolder();
    FolderLock.take(folder);
    const own = holder(folder);
    writeFileSync(join(folder, 'lock-1'), JSON.stringify({ ...own, started: `${own.started}0` }));
    expect(FolderLock.take(folder).path).toBe(join(folder, 'lock-2'));
  });

  it('of another machine is left alone', () => {
    const folder = newFolder();
    FolderLock.take(folder).release();
    writeFileSync(join(folder, 'lock-1'), JSON.stringify({ pid: 1, host: 'elsewhere' }));
    expect(() => FolderLock.take(folder)).toThrow(
      `got 'process 1 on elsewhere'. If it has ended there, remove ${join(folder, 'lock-1')}.`,
    );
  });
});
