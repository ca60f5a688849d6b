import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { featureMoments, frechetDistance } from '../../../lib/metrics/frechet.js';
import { setupEngine } from '../../../lib/tensor/index.js';
import { seededFeatures } from '../../lib/metrics/seeded-features.js';
import { peerPython } from '../dp-sgd/peers.js';

/**
 * `npm run bench -- fid [--json] [--rounds 2]`: FID from the same two sets of 5,000 features, by this library, by SciPy's matrix
 * root (as pytorch-fid and torch-fidelity) and by NumPy's symmetric eigenvalues, on one machine in one call: the best of the
 * rounds, means and covariances included. Fails when the values differ by more than 1e-6, or ours at 2,048 features is not
 * three times as fast as SciPy's.
 */
const flags = process.argv.slice(2);
const json = flags.includes('--json');
const rounds = flags.includes('--rounds') ? Number(flags[flags.indexOf('--rounds') + 1]) : 2;
if (!Number.isInteger(rounds) || rounds < 1)
  throw new Error(`bench: --rounds is a whole number above 0; got ${rounds}`);

const rows = 5000;
const sizes = [64, 2048];

interface Timing {
  readonly route: string;
  readonly seconds: number;
  readonly fid: number;
}

/** The compiled program lies in dist/, from where `tests/` is four folders up. */
const script = fileURLToPath(new URL('../../../../tests/bench/fid/fid_peer.py', import.meta.url));

function timePeers(python: string, files: readonly string[], size: number): Timing[] {
  const numbers = [rows, size, rounds].map(String);
  const { status, stdout, stderr, error } = spawnSync(python, [script, ...files, ...numbers], { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`bench: the peer failed (${error?.message ?? stderr.trim().split('\n').at(-1)}); it wants SciPy`);
  const lines = stdout.trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Timing);
}

async function timeOwn(sets: readonly ReturnType<typeof seededFeatures>[]): Promise<Timing> {
  let best: Timing = { route: 'dpbench', seconds: Infinity, fid: NaN };
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const [a, b] = [await featureMoments(sets[0]!, 'synthetic'), await featureMoments(sets[1]!, 'training')];
    const fid = await frechetDistance(a, b);
    best = { ...best, fid, seconds: Math.min(best.seconds, (performance.now() - start) / 1000) };
  }
  return best;
}

async function compare(python: string, size: number): Promise<readonly [own: Timing, ...peers: Timing[]]> {
  const sets = [seededFeatures(1, rows, size), seededFeatures(2, rows, size, 0.1)];
  const folder = mkdtempSync(join(tmpdir(), 'dpbench-fid-'));
  try {
    const files = sets.map((_, i) => join(folder, `${i}.float32`));
    sets.forEach(({ features }, i) => writeFileSync(files[i]!, features));
    const peers = timePeers(python, files, size);
    return [await timeOwn(sets), ...peers];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await setupEngine();
const python = peerPython();
for (const size of sizes) {
  const [own, ...peers] = await compare(python, size);
  if (json) process.stdout.write(`${JSON.stringify({ size, rows, routes: [own, ...peers] })}\n`);
  else
    for (const { route, seconds, fid } of [own, ...peers])
      process.stdout.write(
        `${size} features, ${route.padEnd(7)}: ${seconds.toFixed(3)} s, ${(seconds / own.seconds).toFixed(2)} of ours, FID ${fid.toPrecision(10)}\n`,
      );
  for (const { route, fid } of peers)
    if (Math.abs(own.fid / fid - 1) > 1e-6) throw new Error(`bench: ours is ${own.fid}, ${route} says ${fid}`);
  if (size === 2048 && peers[0]!.seconds < 3 * own.seconds)
    throw new Error(`bench: SciPy takes ${peers[0]!.seconds} s, ours ${own.seconds} s: not a third`);
}
