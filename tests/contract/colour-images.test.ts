import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../lib/bench/run.js';
import type { LabeledImages } from '../../lib/core/images.js';
import { SeededStream } from '../../lib/core/rng.js';
import { datasets } from '../../lib/data/datasets.js';
import { methods } from '../../lib/methods/methods.js';
import { setupEngine } from '../../lib/tensor/index.js';

const shape = { height: 32, width: 32, channels: 3 };

/** Pictures with a colour for each class, and noise. */
function pictures(name: string, count: number, classes: number): LabeledImages {
  const stream = new SeededStream(name);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  const data = Uint8Array.from({ length: count * 3072 }, (_, i) => {
    const label = labels[Math.floor(i / 3072)]!;
    return (((label + 1) * (1 + (i % 3)) * 47) % 200) + stream.integer(56);
  });
  return { data, labels, count, ...shape };
}

const about = { licence: 'none needed', shape } as const;
let folder: string;
beforeAll(async () => {
  await setupEngine();
  datasets.define({
    ...about,
    ...{ id: 'made-up-colours', title: 'Three colours, for tests', public: false, classes: ['a', 'b', 'c'] },
    read: () => Promise.resolve({ train: pictures('private', 120, 3), test: pictures('test', 12, 3) }),
  });
  const classes = Array.from({ length: 12 }, (_, i) => `colour ${i}`);
  datasets.define({
    ...about,
    ...{ id: 'public-colours', title: 'Twelve colours, for tests', public: true, classes },
    read: () => Promise.resolve({ train: pictures('public', 96, 12), test: pictures('public test', 12, 12) }),
  });
  folder = await mkdtemp(join(tmpdir(), 'dpbench-colours-'));
});

const data = process.env['DPBENCH_DATA'];
const real = data !== undefined && existsSync(join(data, 'cifar-10-subset'));

describe.each(methods.all())('method $id in colour, 32 x 32', { timeout: 180_000 }, (method) => {
  async function colours(dataset: string, classes: number): Promise<void> {
    const takesPublic = (method.publicData ?? 'none') !== 'none';
    const done = await run({
      ...{ method: method.id, dataset, epsilon: 10, scale: 'smoke', limit: 120, metrics: [], samples: 12 },
      ...(takesPublic && { publicDataset: 'public-colours' }),
      out: join(folder, `${method.id} on ${dataset}`),
    });
    expect(done.images).toMatchObject({ count: 12, ...shape });
    expect(new Set(done.labels).size).toBe(classes);
    expect(done.ledger.spent().upper).toBeLessThanOrEqual(10);
    // Three channels, not one three times.
    const pixels = Array.from({ length: done.images.data.length / 3 }, (_, i) =>
      done.images.data.subarray(3 * i, 3 * i + 3),
    );
    const grey = pixels.filter(([red, green, blue]) => red === green && green === blue);
    expect(grey.length).toBeLessThan(pixels.length / 2);
  }

  it('makes colour images of a made-up dataset', () => colours('made-up-colours', 3));

  it.skipIf(!real)('makes colour images of cifar-10-subset (needs DPBENCH_DATA)', () => colours('cifar-10-subset', 10));
});
