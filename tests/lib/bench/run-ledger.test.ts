import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../lib/bench/run.js';
import { Ledger } from '../../../lib/privacy/index.js';
import { setupEngine } from '../../../lib/tensor/index.js';
import '../../privacy/black-images.js';

let folder: string;
beforeAll(async () => {
  await setupEngine();
  folder = await mkdtemp(join(tmpdir(), 'dpbench-ledger-'));
});

const smoke = { method: 'black-images', dataset: 'mnist-10k', scale: 'smoke', limit: 1000, metrics: [] } as const;

describe('dp.run with a ledger', () => {
  it('charges two runs to it, with a total, and refuses a third that it cannot pay', async () => {
    const ledger = new Ledger({ delta: 1e-5, epsilonTarget: 3, dataset: 'mnist-10k' });
    const first = await run({ ...smoke, epsilon: 1, delta: 1e-5, ledger, out: join(folder, 'first') });
    const second = await run({ ...smoke, epsilon: 2, delta: 1e-5, seed: 1, ledger, out: join(folder, 'second') });
    expect(first.ledger.entries).toHaveLength(1);
    expect(ledger.entries.map((entry) => entry.run)).toEqual([
      'black-images at epsilon 1, seed 0',
      'black-images at epsilon 2, seed 1',
    ]);
    expect(ledger.spent().upper).toBeGreaterThan(second.ledger.spent().upper);
    expect(ledger.spent().upper).toBeLessThan(first.ledger.spent().upper + second.ledger.spent().upper);
    const third = run({ ...smoke, epsilon: 2.5, delta: 1e-5, ledger, out: join(folder, 'third') });
    await expect(third).rejects.toThrow('the release would exceed the budget, so it was not made');
    expect(ledger.entries).toHaveLength(2);
  });

  it('refuses one of other data, and what is none', async () => {
    const ledger = new Ledger({ delta: 1e-5, dataset: 'cifar-10' });
    await expect(run({ ...smoke, epsilon: 1, ledger })).rejects.toThrow(
      "one ledger cannot add up different datasets; got 'mnist-10k', expected cifar-10",
    );
    await expect(run({ ...smoke, epsilon: 1, ledger: {} as Ledger })).rejects.toThrow(
      'dp.run: ledger is no ledger; got {}, expected a dp.Ledger.',
    );
  });
});
