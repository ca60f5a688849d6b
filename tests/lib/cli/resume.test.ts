import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { computeEnvironment, mallocVariables } from '../../../lib/tensor/malloc.js';
import { setupEngine } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const program = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'dist', 'lib', 'cli', 'main.js');
const parent = mkdtempSync(join(tmpdir(), 'dpbench-resume-'));
const out = join(parent, 'run');
const folder = `${out}.unfinished`;

/** The built command; when the allocator's variables are set, it does not start itself again. */
function dpbench(...args: string[]) {
  return started(computeEnvironment(process.env), args);
}

function started(env: NodeJS.ProcessEnv, args: string[]) {
  const child = spawn(process.execPath, [program, ...args], { env });
  const told = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (part) => (told[name] += String(part)));
  return { child, told, ended: once(child, 'close') as Promise<[number | null]> };
}

async function killWhen({ child, ended }: { child: ChildProcess; ended: Promise<unknown> }, holds: () => boolean) {
  while (!holds() && child.exitCode === null) await sleep(10);
  child.kill('SIGKILL');
  await ended;
}

it('dpbench resume goes on with a killed DP-MERF run from the same release', async () => {
  const settings = ['--method', 'dp-merf', '--dataset', 'mnist-10k', '--epsilon', '10', '--scale', 'smoke'];
  const rest = ['--limit', '500', '--params', 'steps=300', '--samples', '20', '--metrics', 'fid', '--out', out];
  const release = join(folder, 'release-0.json');
  const first = dpbench('run', ...settings, ...rest);
  await killWhen(first, () => existsSync(release));
  const released = readFileSync(release, 'utf8');

  const second = dpbench('resume', folder);
  const processes = () =>
    (JSON.parse(readFileSync(join(folder, 'request.json'), 'utf8')) as { processes: number }).processes;
  await killWhen(second, () => processes() === 2);
  expect(readFileSync(release, 'utf8')).toBe(released);
  expect(readdirSync(parent)).toEqual(['run.unfinished']);

  const third = dpbench('resume', folder, '--json');
  const [code] = await third.ended;
  expect(code).toBe(0);
  expect(third.told.stderr).toContain(`dpbench: going on with ${folder}\n`);
  const result = JSON.parse(third.told.stdout) as { ledger: { entries: unknown[] } };
  expect(result).toMatchObject({ folder: out, processes: 3, params: { steps: 300 }, request: { samples: 20 } });
  expect(result.ledger.entries).toHaveLength(1);
  expect(readdirSync(parent)).toEqual(['run']);

  const gone = dpbench('resume', folder);
  expect(await gone.ended).toEqual([1, null]);
  expect(gone.told.stderr).toContain('there is no unfinished run');
});

it('a killed command leaves no process behind that goes on with its run', async () => {
  const path = join(parent, 'orphan');
  const plain = { ...process.env };
  for (const name of Object.keys(mallocVariables)) Reflect.deleteProperty(plain, name);
  const settings = [
    '--method',
    'dp-merf',
    '--dataset',
    'mnist-10k',
    '--epsilon',
    '10',
    '--scale',
    'smoke',
    '--out',
    path,
  ];
  const run = started(plain, ['run', ...settings, '--limit', '500', '--params', 'steps=100000', '--metrics', 'fid']);
  // `close` comes when nobody holds the pipes any more: the child that computes has ended too.
  await killWhen(run, () => existsSync(join(`${path}.unfinished`, 'release-0.json')));
  const lock = readdirSync(`${path}.unfinished`).find((name) => name.startsWith('lock'))!;
  const { pid } = JSON.parse(readFileSync(join(`${path}.unfinished`, lock), 'utf8')) as { pid: number };
  expect(pid).not.toBe(run.child.pid); // it did start itself again
});
