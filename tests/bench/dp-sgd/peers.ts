import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../../lib/tensor/index.js';

/** A file beside the sources: the compiled program lies in dist/, from where `tests/` is four folders up. */
export const source = (name: string): string =>
  fileURLToPath(new URL(`../../../../tests/bench/dp-sgd/${name}`, import.meta.url));

/**
 * The Python of a virtual environment with PyTorch and Opacus in the versions of requirements.txt: in DPBENCH_PEERS, or in
 * dpbench's cache. It is made when it is not there or has other versions, with the user's own pip settings.
 */
export function peerPython(): string {
  const folder = process.env['DPBENCH_PEERS'] || join(cacheFolder(), 'peers');
  const python = join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const stamp = join(folder, 'dpbench-requirements.txt');
  const wanted = readFileSync(source('requirements.txt'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  process.stderr.write(`bench: preparing PyTorch and Opacus in ${folder}\n`);
  rmSync(stamp, { force: true });
  runOrStop(process.env['DPBENCH_PYTHON'] ?? 'python3', ['-m', 'venv', folder]);
  runOrStop(python, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '-r',
    source('requirements.txt'),
  ]);
  writeFileSync(stamp, wanted);
  return python;
}

function runOrStop(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status === 0) return;
  throw new Error(
    `bench: ${program} ${args.slice(0, 3).join(' ')} failed (${error?.message ?? `exit ${status}`}). ` +
      'Make an environment with the versions of tests/bench/dp-sgd/requirements.txt and name it: DPBENCH_PEERS=FOLDER.',
  );
}
