import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../lib/bench/run.js';
import { displaySymbol } from '../../lib/core/mime.js';
import { gaussian } from '../../lib/mechanisms/index.js';
import { Ledger } from '../../lib/privacy/index.js';
import { setupEngine } from '../../lib/tensor/index.js';
import { releasedMeans } from './black-images.js';

let folder: string;
beforeAll(async () => {
  await setupEngine();
  folder = await mkdtemp(join(tmpdir(), 'dpbench-private-'));
});

const base = { method: 'black-images', dataset: 'mnist-10k', scale: 'smoke', limit: 200, metrics: [] } as const;
const released = async (epsilon: number, name: string) => {
  const { ledger } = await run({ ...base, epsilon, out: join(folder, name) });
  return { means: releasedMeans.at(-1)!, ledger };
};

/** The check: what is released under a huge epsilon still has noise, so two runs differ. */
const hasNoise = async (release: (epsilon: number, name: string) => Promise<{ means: ArrayLike<number> }>) => {
  const [one, two] = [await release(100_000, 'one'), await release(100_000, 'two')];
  return Array.from(one.means).join() !== Array.from(two.means).join();
};

describe('pitfall 20: training without privacy is named', () => {
  it('holds: no epsilon switches the noise off', async () => {
    expect(await hasNoise(released)).toBe(true);
    const { ledger } = await released(1e5, 'three');
    expect(ledger.entries[0]!.noiseScale).toBeGreaterThan(0);
    expect(ledger.spent().upper).toBeLessThanOrEqual(1e5 * (1 + 1e-9));
  });

  it('refuses an infinite epsilon and a noise multiplier of 0, which would be quiet ways', async () => {
    await expect(run({ ...base, epsilon: Infinity })).rejects.toThrow('dp.run: epsilon is out of range; got Infinity');
    expect(() => gaussian({ of: 'mean', l2Sensitivity: 1, noiseMultiplier: 0 })).toThrow(
      'noiseMultiplier is out of range; got 0',
    );
  });

  it('prints a release with no protection as what it is', async () => {
    const ledger = new Ledger({ delta: 1e-5 });
    ledger.record({ of: 'x', mechanism: 'none', event: { kind: 'non-private' }, relation: 'add-or-remove-one' });
    expect(ledger.spent().upper).toBe(Infinity);
    expect(JSON.stringify(ledger)).toContain('"upper":"Infinity"');
    const { budget } = await import('../../lib/display/budget.js');
    expect(String((await budget(ledger)[displaySymbol]())['text/plain'])).toContain('NO PRIVACY');
  });

  it('fails for the mutation of the reference: no noise above epsilon 99,999', async () => {
    const mutation = async (epsilon: number, name: string) =>
      epsilon > 99_999 ? { means: [0.13, 0.14] } : released(epsilon, name);
    expect(await hasNoise(mutation)).toBe(false);
  });
});
