import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { accountants, gaussianSteps, noiseMultiplier } from '../../lib/privacy/index.js';

/**
 * Accountants against dp-accounting in the same run on the same machine: median milliseconds of one epsilon over the
 * golden settings of tests/golden/pld.json (every fourth) and those of the published runs. Wants a Python with
 * dp-accounting: DPBENCH_PYTHON, or python3.
 */
type Setting = readonly [rate: number, noise: number, steps: number, delta: number];

const golden = JSON.parse(readFileSync(new URL('../golden/pld.json', import.meta.url), 'utf8')) as {
  settings: [number, number, number, number, ...unknown[]][];
};
const published: Setting[] = [
  [256 / 60000, 1.1, 14040, 1e-5],
  [4096 / 60000, 5, 2200, 1e-6],
  [0.01, 0.8, 1000, 1e-5],
  [0.001, 0.6, 20000, 1e-6],
  [1 / 14, 1.99463, 2100, 1.665751e-6],
];
const settings: Setting[] = [
  ...published,
  ...golden.settings.filter((_, i) => i % 4 === 0).map(([q, z, steps, delta]): Setting => [q, z, steps, delta]),
];

function runPeer(): { pld: number; rdp: number; pldEpsilon: number }[] {
  const python = process.env['DPBENCH_PYTHON'] ?? 'python3';
  const script = fileURLToPath(new URL('accounting_peer.py', import.meta.url));
  const { status, stdout, stderr, error } = spawnSync(python, [script], {
    input: JSON.stringify(settings),
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new Error(
      `${python} cannot run the peer (${error?.message ?? stderr.trim().split('\n').at(-1)}). ` +
        'Install it into an environment of its own, python3 -m venv PEERS && PEERS/bin/pip install dp-accounting, ' +
        'and name that: DPBENCH_PYTHON=PEERS/bin/python npm run bench -- accounting',
    );
  const lines = stdout.trim().split('\n');
  return lines.map((line) => JSON.parse(line) as { pld: number; rdp: number; pldEpsilon: number });
}

function milliseconds(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
const ours = (accountant: string) =>
  median(
    settings.map(([rate, noise, steps, delta]) => {
      const event = gaussianSteps(noise, rate, steps);
      const once = () => milliseconds(() => accountants.get(accountant).epsilon(event, delta));
      return Math.min(once(), once());
    }),
  );

it('accounting', () => {
  const peer = runPeer();
  const rows = ['pld', 'rdp'].map((name) => {
    const theirs = median(peer.map((line) => line[name as 'pld' | 'rdp']));
    const own = ours(name);
    return { accountant: name, own, theirs, ratio: own / theirs };
  });
  const calibrations = published.map(([sampleRate, , steps, delta]) => {
    const find = (epsilon: number) => noiseMultiplier({ epsilon, delta, sampleRate, steps, accountant: 'pld' });
    return Math.max(...[1, 10].map((epsilon) => milliseconds(() => find(epsilon))));
  });
  const slowest = Math.max(...calibrations);
  const line = (row: (typeof rows)[number]) =>
    `${row.accountant}: ${row.own.toFixed(2)} ms, dp-accounting ${row.theirs.toFixed(2)} ms, ratio ${row.ratio.toFixed(3)}`;
  const calibrated = `slowest of ${2 * published.length} calibrations at pld: ${slowest.toFixed(0)} ms`;
  const text = [`medians of ${settings.length} settings`, ...rows.map(line), calibrated].join('\n');
  process.stdout.write(`${text}\n`);
  expect(rows[0]!.ratio).toBeLessThanOrEqual(1);
  expect(rows[1]!.ratio).toBeLessThanOrEqual(0.1);
  expect(slowest).toBeLessThan(1000);
});
