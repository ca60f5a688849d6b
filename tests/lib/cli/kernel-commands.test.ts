import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const main = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'dist', 'lib', 'cli', 'main.js');
const prefix = mkdtempSync(join(tmpdir(), 'dpbench-kernel-commands-'));
afterAll(() => rmSync(prefix, { recursive: true }));

function dpbench(...args: string[]) {
  if (!existsSync(main)) throw new Error(`${main} is absent: run npm run build first.`);
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
}

it('installs, lists and removes the kernel, with all options handed on', () => {
  const folder = join(prefix, 'share', 'jupyter', 'kernels', 'mine');
  const options = ['--prefix', prefix, '--name', 'mine'];
  expect(dpbench('kernel', 'install', ...options)).toMatchObject({ status: 0, stdout: `Installed in ${folder}\n` });
  expect(dpbench('kernel', 'list', '--prefix', prefix).stdout).toContain(`mine  ${folder}  ok\n`);
  expect(dpbench('kernel', 'uninstall', ...options)).toMatchObject({ status: 0, stdout: `Removed ${folder}\n` });
});

it('ends with 2 for bad usage and with 1 for a failure, and says why on stderr', () => {
  const usage = dpbench('kernel', 'instal');
  expect([usage.status, usage.stdout]).toEqual([2, '']);
  expect(usage.stderr).toContain("dpbench: kernel: unknown command; got 'instal', expected install");
  const absent = dpbench('notebook', 'run', join(prefix, 'none.ipynb'));
  expect([absent.status, absent.stdout]).toEqual([1, '']);
  expect(absent.stderr).toContain('ENOENT');
});
