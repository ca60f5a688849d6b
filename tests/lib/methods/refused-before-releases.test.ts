import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../lib/bench/run.js';
import type { RunOptions } from '../../../lib/bench/run-options.js';
import { OptionError } from '../../../lib/core/errors.js';
import { Ledger } from '../../../lib/privacy/index.js';
import { setupEngine } from '../../../lib/tensor/index.js';

let folder: string;
beforeAll(async () => {
  await setupEngine();
  folder = await mkdtemp(join(tmpdir(), 'dpbench-refused-'));
});

const warmUp = 'central-images';

/** What fits neither each other nor the data: of a warm-up the central images are the first release, whoever trains on them. */
const wrong: [RunOptions['method'], Partial<RunOptions>, string][] = [
  [
    'dp-feta',
    { params: { easyBatchSize: 101 } },
    'training on central images: the dataset has fewer images than a batch; got 100, expected easyBatchSize of at most 100, not 101.',
  ],
  [
    'dp-feta',
    { params: { centralAugment: 'rand-augment', centralMagnitude: 31 } },
    'dp-feta: centralMagnitude is out of range; got 31, expected a whole number from 1 to 30.',
  ],
  [
    'dp-feta',
    { params: { easyEmaRate: 1 } },
    'dp-feta: easyEmaRate is out of range; got 1, expected a number of at least 0 and below 1.',
  ],
  [
    'dp-feta',
    { params: { dropLabel: 1.5 } },
    'dp-feta: dropLabel is out of range; got 1.5, expected a number from 0 to 1.',
  ],
  [
    'dp-feta-pro',
    { params: { frequencyImages: 20, frequencyBatchSize: 21 } },
    'training on generated images: the dataset has fewer images than a batch; got 20, expected frequencyBatchSize of at most 20, not 21.',
  ],
  [
    'dp-feta-pro',
    { params: { schedule: 'mix', frequencyImages: 20, frequencyBatchSize: 121 } },
    'training on central images and generated images: the dataset has fewer images than a batch; got 120, expected frequencyBatchSize of at most 120, not 121.',
  ],
  [
    'pdp-diffusion',
    { warmUp, params: { publicBatchSize: 101 } },
    'training on central images: the dataset has fewer images than a batch; got 100, expected publicBatchSize of at most 100, not 101.',
  ],
  [
    'dp-ldm',
    { warmUp, params: { autoencoderBatchSize: 101 } },
    'training on central images: the dataset has fewer images than a batch; got 100, expected autoencoderBatchSize of at most 100, not 101.',
  ],
  [
    'dpgan',
    { warmUp, params: { publicBatchSize: 101 } },
    'training on central images: the dataset has fewer images than a batch; got 100, expected publicBatchSize of at most 100, not 101.',
  ],
  ['privimage', { warmUp, params: { categoriesEach: 2 } }, 'choosing categories of central images: there are too few'],
  ['pe', { warmUp, params: { imageGenerator: 'strokes' } }, "image generator 'strokes': it takes no public dataset"],
  [
    'dp-ldm',
    { warmUp, params: { samplerSteps: 1001 } },
    'dp-ldm: samplerSteps is out of range; got 1001, expected a whole number from 1 to 1000.',
  ],
];

describe('what cannot be trained is refused before anything is paid for', () => {
  it.each(wrong)('%s, %j', async (method, options, message) => {
    const ledger = new Ledger({ delta: 1e-5 });
    const out = join(folder, `${method}-${wrong.findIndex(([, each]) => each === options)}`);
    const asked = { method, dataset: 'mnist-10k', epsilon: 10, scale: 'smoke', limit: 500, metrics: [], out } as const;
    const failed: unknown = await run({ ...asked, ledger, ...options }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(OptionError);
    expect((failed as Error).message).toContain(message);
    expect(ledger.entries).toEqual([]);
    expect(existsSync(`${out}.unfinished`)).toBe(false);
  });

  it('of a generator that does not make such images too', async () => {
    const ledger = new Ledger({ delta: 1e-5 });
    const asked = { method: 'dp-feta-pro', dataset: 'mnist-10k', epsilon: 10, scale: 'smoke', limit: 500 } as const;
    const wrong = run({ ...asked, metrics: [], ledger, params: { generatorBatchSize: 1 }, out: join(folder, 'one') });
    await expect(wrong).rejects.toThrow(
      'training the generator: the batch is too small to hold two images of a class; got 1, expected batchSize of at least 2.',
    );
    expect(ledger.entries).toEqual([]);
  });
});
