import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../lib/bench/run.js';
import { sweep } from '../../../lib/bench/sweep.js';
import { displaySymbol } from '../../../lib/core/mime.js';
import { datasets } from '../../../lib/data/datasets.js';
import type { PublicDataset } from '../../../lib/data/contract.js';
import { gaussian } from '../../../lib/mechanisms/index.js';
import { methods } from '../../../lib/methods/methods.js';
import { setupEngine, type Tensor2D } from '../../../lib/tensor/index.js';

let folder: string;
beforeAll(async () => {
  await setupEngine();
  folder = await mkdtemp(join(tmpdir(), 'dpbench-public-'));
});

/** A colour picture of 2 x 2, four times as large as a pixel is in the private images' 28 x 28. */
datasets.define({
  id: 'red-dots',
  title: 'Red dots, for tests',
  licence: 'none',
  classes: ['dot', 'no dot'],
  shape: { height: 2, width: 2, channels: 3 },
  public: true,
  read: async () => {
    const data = Uint8Array.from({ length: 24 }, (_, i) => (i < 12 && i % 3 === 0 ? 100 : 0));
    const rows = { data, labels: Uint8Array.of(0, 1), count: 2, height: 2, width: 2, channels: 3 };
    return { train: rows, test: rows };
  },
});

let seen: PublicDataset | undefined;
for (const publicData of ['required', 'optional'] as const)
  methods.define({
    id: `public-${publicData}`,
    title: 'A method for tests',
    paper: { title: 'none', authors: 'none', year: 2026, url: 'https://example.org' },
    params: {},
    publicData,
    samples: { smoke: 10, laptop: 10, paper: 10 },
    spends: (_params, { size }) => [gaussian({ of: 'mean', l2Sensitivity: 1 / size })],
    async fit({ mechanisms, publicDataset, facts: { shape } }) {
      seen = publicDataset;
      const features = (images: { reshape(shape: number[]): unknown }) => images.reshape([-1, 784]) as Tensor2D;
      await mechanisms.labelMeans('mean', { features, dimension: 784, clipNorm: 1 });
      return { sample: async ({ length }) => ({ data: new Uint8Array(length * 784), count: length, ...shape }) };
    },
  });

const smoke = { dataset: 'mnist-10k', epsilon: 10, scale: 'smoke', limit: 500, metrics: [] } as const;

describe('dp.run with a public dataset', () => {
  it('hands it to fit in the shape of the private images, with its own labels, and keeps its name', async () => {
    const out = join(folder, 'dots');
    const done = await run({ ...smoke, method: 'public-required', publicDataset: 'red-dots', out });
    expect(seen).toMatchObject({ name: 'red-dots', classes: ['dot', 'no dot'] });
    expect(seen!.images).toMatchObject({ count: 2, height: 28, width: 28, channels: 1, labels: Uint8Array.of(0, 1) });
    expect([...new Set(seen!.images.data)]).toEqual([30, 0]); // 0.299 * 100
    const stored = JSON.parse(await readFile(join(out, 'run.json'), 'utf8')) as { request: object };
    expect(stored).toMatchObject({ publicDataset: 'red-dots', publicRecords: 2 });
    expect(stored.request).toMatchObject({ publicDataset: 'red-dots', curve: { against: 'red-dots' } });
    expect(done.curve).toMatchObject({ against: 'red-dots (public)', isPrivate: false });
    expect(String((await done[displaySymbol]())['text/plain'])).toContain('on mnist-10k, first on public red-dots:');
  });

  it('is optional where the method says so', async () => {
    const done = await run({ ...smoke, method: 'public-optional', out: join(folder, 'none') });
    expect(seen).toBeUndefined();
    expect(done.config.request).toMatchObject({ publicDataset: null });
    expect(done.config).not.toHaveProperty('publicDataset');
  });

  it('refuses what does not fit before data are read', async () => {
    const root = '/nowhere'; // reading anything there would fail with another message
    const ask = (options: object) => run({ ...smoke, dataset: 'mnist', root, method: 'public-required', ...options });
    await expect(ask({})).rejects.toThrow(
      /the method trains on public images first, and publicDataset is missing; expected mnist-10k, kmnist, omniglot/,
    );
    await expect(ask({ method: 'dpdm', publicDataset: 'kmnist' })).rejects.toThrow(
      "dpdm: the method takes no public dataset; got 'kmnist'. Leave publicDataset out.",
    );
    await expect(ask({ publicDataset: 'fashion-mnist' })).rejects.toThrow('the dataset is private');
    await expect(ask({ publicDataset: 'kmnits' })).rejects.toThrow("Did you mean 'kmnist'");
    await expect(ask({ dataset: 'kmnist', publicDataset: 'kmnist' })).rejects.toThrow(
      "the public dataset holds records of the private one, which would be used without privacy; got 'kmnist'",
    );
    await expect(ask({ publicDataset: 'mnist-10k' })).rejects.toThrow(
      'the public dataset holds records of the private one',
    );
  });
});

describe('dp.sweep with a public dataset', () => {
  const cells = { datasets: ['mnist-10k'], epsilons: [10], scale: 'smoke', limit: 500, metrics: [] } as const;

  it('gives it to the methods that take one', async () => {
    const out = join(folder, 'sweep');
    const done = await sweep({ ...cells, methods: ['public-optional', 'dpdm'], publicDataset: 'red-dots', out });
    const requests = done.runs.map((each) => (each as unknown as { config: { request: object } }).config.request);
    expect(requests).toMatchObject([{ publicDataset: 'red-dots' }, { publicDataset: null }]);
    await expect(sweep({ ...cells, methods: ['dpdm'], publicDataset: 'red-dots', out })).rejects.toThrow(
      'the method takes no public dataset',
    );
  });
});
