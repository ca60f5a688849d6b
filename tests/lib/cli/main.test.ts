import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { setupEngine } from '../../../lib/tensor/index.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const program = join(root, 'dist', 'lib', 'cli', 'main.js');
const folder = mkdtempSync(join(tmpdir(), 'dpbench-cli-'));

beforeAll(() => setupEngine());

/** The built command in a process of its own, as a shell would start it. */
function dpbench(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const smoke = ['--scale', 'smoke', '--limit', '500', '--samples', '50'];

describe('dpbench', () => {
  it('is built (npm run build)', () => {
    expect(existsSync(program)).toBe(true);
  });

  it('helps on stdout with exit code 0, and names its commands', () => {
    const { status, stdout } = dpbench('--help');
    expect(status).toBe(0);
    for (const name of [
      'setup',
      'doctor',
      'list',
      'run',
      'resume',
      'sweep',
      'evaluate',
      'epsilon',
      'noise',
      'kernel',
      'notebook',
    ])
      expect(stdout).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'));
  });

  it('answers bad usage with exit code 2 and the nearest name, on stderr alone', () => {
    const answers: [string[], string][] = [
      [['rum'], 'Did you mean run?'],
      [['run', '--method', 'dp-merf'], "required option '--dataset <name>'"],
      [['run', '--method', 'dp-mer', '--dataset', 'mnist-10k', '--epsilon', '1'], "Did you mean 'dp-merf'"],
      [
        ['run', '--method', 'dpdm', '--dataset', 'mnist', '--epsilon', '1', '--public-dataset', 'kmnist'],
        'the method takes no public dataset',
      ],
      [['run', '--method', 'dp-merf', '--dataset', 'mnist10k', '--epsilon', '1'], "Did you mean 'mnist-10k' or"],
      [['run', '--method', 'dp-merf', '--dataset', 'mnist-10k', '--epsilon', 'ten'], "got 'ten', expected a number"],
      [['evaluate', '--dataset', 'mnist'], "one of '--npz' and '--images' is needed"],
      [['evaluate', '--npz', 'a.npz', '--dataset', 'mnits'], "Did you mean 'mnist'"],
      [['run', '--method', 'dp-merf', '--dataset', 'mnist-10k', '--epsilon', '0'], 'epsilon is out of range; got 0'],
    ];
    for (const [args, words] of answers) {
      const { status, stdout, stderr } = dpbench(...args);
      expect({ status, stdout }, args.join(' ')).toEqual({ status: 2, stdout: '' });
      expect(stderr).toContain(words);
    }
  });

  it('lists the families as text and as JSON', () => {
    expect(dpbench('list').stdout).toMatch(/^methods\n(.*\n)* {2}dp-merf +DP-MERF$/m);
    const families = JSON.parse(dpbench('list', '--json').stdout) as Record<string, { id: string }[]>;
    expect(families['datasets']!.map(({ id }) => id)).toContain('mnist-10k');
    expect(families['metrics']!.map(({ id }) => id)).toEqual(expect.arrayContaining(['fid', 'accuracy']));
  });

  it('runs a method: JSON on stdout, all else on stderr, a folder with the result', () => {
    const out = join(folder, 'run');
    const options = ['--method', 'dp-merf', '--dataset', 'mnist-10k', '--epsilon', '10', '--params', 'steps=20'];
    const { status, stdout, stderr } = dpbench('run', ...options, ...smoke, '--out', out, '--json');
    expect(stderr).toContain('dp-merf on mnist-10k, epsilon 10');
    expect(status).toBe(0);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    expect(result).toMatchObject({ method: 'dp-merf', epsilon: 10, folder: out, params: { steps: 20 } });
    expect(result).toMatchObject({ metrics: { accuracy: { value: expect.any(Number) as number } } });
    expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({ method: 'dp-merf', seed: 0 });

    const scores = dpbench(
      'evaluate',
      '--images',
      out,
      '--dataset',
      'mnist-10k',
      '--scale',
      'smoke',
      '--metrics',
      'fid',
      '--json',
    );
    expect({ status: scores.status, stderr: scores.status === 0 ? '' : scores.stderr }).toEqual({
      status: 0,
      stderr: '',
    });
    expect(JSON.parse(scores.stdout)).toMatchObject({
      name: out,
      samples: 50,
      metrics: { fid: { value: expect.any(Number) as number } },
    });

    const again = dpbench('run', ...options, ...smoke, '--out', out);
    expect(again.status).toBe(2);
    expect(again.stderr).toContain('the result folder exists already');
  });
});
