import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../lib/bench/run.js';
import { Ledger } from '../../../lib/privacy/index.js';
import { gaussian, noisyHistogram } from '../../../lib/mechanisms/index.js';
import { methods } from '../../../lib/methods/methods.js';
import { setupEngine, type Tensor2D, type Tensor4D } from '../../../lib/tensor/index.js';
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
      expect.stringMatching(/^black-images at epsilon 1, seed 0, run [0-9a-f]{8}$/),
      expect.stringMatching(/^black-images at epsilon 2, seed 1, run [0-9a-f]{8}$/),
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

describe('dp.run with fixed and calibrated noise', () => {
  it('pays for the fixed queries first, and gives what is left to the calibrated one', async () => {
    const brightness = (images: Tensor4D) => images.reshape([images.shape[0], -1]).mean(1, true) as Tensor2D;
    methods.define({
      id: 'three-queries',
      title: 'Three queries',
      paper: { title: 'none', authors: 'none', year: 2026, url: 'https://example.org' },
      params: {},
      samples: { smoke: 10, laptop: 10, paper: 10 },
      spends: (_params, { size }) => [
        noisyHistogram({ of: 'bright images', epsilon: 0.25 }),
        noisyHistogram({ of: 'bright images by class', noiseMultiplier: 10 }),
        gaussian({ of: 'brightness', l2Sensitivity: 1 / size }),
      ],
      async fit({ mechanisms, facts: { shape } }) {
        const query = { bins: 2, binsOf: (images: Tensor4D) => brightness(images).mul(4).round() };
        await mechanisms.histogram('bright images', query);
        await mechanisms.histogram('bright images by class', { ...query, byClass: true });
        await mechanisms.labelMeans('brightness', { features: brightness, dimension: 1, clipNorm: 1 });
        const data = (count: number) => new Uint8Array(count * shape.height * shape.width * shape.channels);
        return { sample: async ({ length }) => ({ data: data(length), count: length, ...shape }) };
      },
    });
    const done = await run({ ...smoke, method: 'three-queries', epsilon: 1, out: join(folder, 'three') });
    expect(done.ledger.entries.map(({ mechanism, noise, arithmetic }) => [mechanism, noise, arithmetic])).toEqual([
      ['laplace-histogram', 'fixed', 'exact'],
      ['histogram', 'fixed', 'exact'],
      ['gaussian', 'calibrated', 'exact'],
    ]);
    const { upper, accountant } = done.ledger.spent();
    expect(accountant).toBe('pld');
    expect(upper).toBeLessThanOrEqual(1);
    expect(upper).toBeGreaterThan(0.99);
    expect(done.ledger.spentBy('rdp')!.upper).toBeGreaterThan(upper);
    expect(done.ledger.entries[0]!.epsilonAfter).toBeLessThanOrEqual(0.25 * (1 + 1e-3));
  });
});
