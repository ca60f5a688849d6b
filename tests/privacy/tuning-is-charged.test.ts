import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sweep, type Sweep } from '../../lib/bench/sweep.js';
import { displaySymbol } from '../../lib/core/mime.js';
import { gaussianEpsilon } from '../../lib/privacy/gaussian.js';
import { setupEngine } from '../../lib/tensor/index.js';
import './black-images.js';

let done: Sweep;
const options = {
  methods: ['black-images'],
  datasets: ['mnist-10k'],
  epsilons: [1, 2],
  seeds: [0, 1],
  scale: 'smoke',
  limit: 500,
  metrics: [],
} as const;
beforeAll(async () => {
  await setupEngine();
  done = await sweep({ ...options, out: join(await mkdtemp(join(tmpdir(), 'dpbench-tuning-')), 'sweep') });
});

/** The check: what is stated for the whole search is what all of its releases cost, by the closed form of Gaussian noise. */
function isCharged(stated: (sweep: Sweep) => number): boolean {
  const total = done.total('mnist-10k');
  const multipliers = total.entries.map(({ event }) => (event as { noiseMultiplier: number }).noiseMultiplier);
  expect(multipliers).toHaveLength(4);
  const shift = Math.sqrt(multipliers.reduce((sum, z) => sum + 1 / z ** 2, 0));
  return stated(done) >= gaussianEpsilon(shift, total.delta).lower * (1 - 1e-9);
}

describe('pitfall 22: tuning is charged', () => {
  it('holds: a sweep states the total of its runs, fresh or read back', async () => {
    expect(isCharged((all) => all.total('mnist-10k').spent().upper)).toBe(true);
    const again = await sweep({ ...options, out: done.folder });
    expect(again.total('mnist-10k').spent()).toEqual(done.total('mnist-10k').spent());
    expect(again.total('mnist-10k').entries.map(({ run }) => run)).toContain('black-images at epsilon 2, seed 1');
    expect(String((await again[displaySymbol]())['text/plain'])).toMatch(
      /The 4 runs on mnist-10k together cost epsilon 3\.\d+ at delta 0\.000322\./,
    );
  });

  it('says so when a total cannot be computed', async () => {
    const runs = [{ ...done.runs[0]!, ledger: { entries: 1 } }];
    const broken = Object.assign(Object.create(Object.getPrototypeOf(done) as object) as Sweep, { runs });
    expect(() => broken.total('mnist-10k')).toThrow('Ledger.fromJSON: this is no ledger');
    expect(String((await broken[displaySymbol]())['text/html'])).toContain(
      'What the 1 runs on mnist-10k cost together is unknown: Ledger.fromJSON: this is no ledger',
    );
  });

  it('fails for the mutation that states the epsilon of one run', () => {
    expect(isCharged((all) => Math.max(...all.runs.map(({ epsilon }) => epsilon)))).toBe(false);
  });
});
