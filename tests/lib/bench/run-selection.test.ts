import { existsSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunOptions } from '../../../lib/bench/run-options.js';
import { run } from '../../../lib/bench/run.js';
import { onProgress } from '../../../lib/core/progress.js';
import { datasets } from '../../../lib/data/datasets.js';
import { SecureStream } from '../../../lib/core/rng.js';
import { gaussian, Mechanisms, reuse, type Released } from '../../../lib/mechanisms/index.js';
import { Ledger } from '../../../lib/privacy/index.js';
import { dpMerf } from '../../../lib/methods/dp-merf.js';
import { methods } from '../../../lib/methods/methods.js';
import { setupEngine, type Tensor2D, type Tensor4D } from '../../../lib/tensor/index.js';

let folder: string;
beforeAll(async () => {
  await setupEngine();
  folder = await mkdtemp(join(tmpdir(), 'dpbench-selection-'));
});

const smoke: RunOptions = {
  ...{ method: 'dp-merf', dataset: 'mnist-10k', epsilon: 2, scale: 'smoke', samples: 120, curve: 'none' },
  ...{ params: { steps: 20 }, metrics: ['accuracy'], selection: 'noisy', heldOut: 300, limit: 1000 },
};

const oneFeature = {
  features: (x: Tensor4D) => x.mean([1, 2, 3]).reshape([-1, 1]) as Tensor2D,
  dimension: 1,
  clipNorm: 1,
};

/** Something that another run has released about the same data. */
async function releasedByARun(): Promise<Released<Float32Array>> {
  const { train } = await datasets.load('mnist-10k', { limit: 50 });
  const plan = [gaussian({ of: 'mean', l2Sensitivity: 1 })];
  const ledger = new Ledger({ delta: 1e-5 });
  const options = { sensitive: train, plan, noiseMultiplier: 1, ledger, noise: new SecureStream() };
  const mechanisms = new Mechanisms(options);
  const released = await mechanisms.labelMeans('mean', oneFeature);
  mechanisms.finish();
  return released;
}

describe('dp.run with a noisy selection', () => {
  it('trains on one part, selects on the other, and costs the dearer one', async () => {
    const done = await run({ ...smoke, out: join(folder, 'noisy') });
    const division = '300 held out';
    expect(done.ledger.entries).toMatchObject([
      { of: 'label-wise mean embedding', part: 'training', division },
      { of: 'epoch of small-cnn', part: 'held out', division, mechanism: 'noisy-max' },
    ]);
    expect(done.ledger.spent().upper).toBeLessThanOrEqual(2 * (1 + 1e-9));
    expect(done.ledger.spent().upper).toBeGreaterThan(1.99);
    expect(done.config.trainingRecords).toBe(1000);
    expect(done.metrics['accuracy']).toMatchObject({ variant: 'selection: noisy' });
    expect(done.metrics['accuracy']!.notes.join()).toContain('report-noisy-max on 300 held-out sensitive records');
    const stored = JSON.parse(await readFile(join(done.folder, 'run.json'), 'utf8')) as { request: object };
    expect(stored.request).toMatchObject({ selection: 'noisy', selectionEpsilon: 2, heldOut: 300 });
  });

  it('goes on after a stop before the choice, and pays for everything once', async () => {
    const controller = new AbortController();
    const stop = onProgress(({ task, step }) => task.includes('small-cnn') && step > 0 && controller.abort());
    const out = join(folder, 'stopped');
    await expect(run({ ...smoke, out, signal: controller.signal })).rejects.toThrow('aborted');
    stop();
    const done = await run({ ...smoke, out });
    expect(done.config.processes).toBe(2);
    expect(done.ledger.entries.map(({ of }) => of)).toEqual(['label-wise mean embedding', 'epoch of small-cnn']);
  });

  it('refuses a dearer choice than the run, and methods under which records move', async () => {
    await expect(run({ ...smoke, selectionEpsilon: 3 })).rejects.toThrow(
      'dp.run: selectionEpsilon is larger than the budget of the run; got 3, expected at most 2.',
    );
    const release = { of: 'label-wise mean embedding', l2Sensitivity: 1, relation: 'replace-one' } as const;
    methods.define({ ...dpMerf, id: 'replaces', spends: () => [gaussian(release)] });
    await expect(run({ ...smoke, method: 'replaces', out: join(folder, 'replaces') })).rejects.toThrow(
      "the selection 'noisy' divides the data, and 'label-wise mean embedding' is analysed under replace-one, where records move",
    );
  });

  it('refuses before training what could not be finished after it', async () => {
    const kept = await releasedByARun();
    methods.define({ ...dpMerf, id: 'reuses', spends: () => [reuse(kept)] });
    const bad: [Partial<RunOptions>, string][] = [
      [{ metrics: [] }, 'chooses epochs of the classifiers of accuracy, which is not among the metrics; got []'],
      [{ metrics: ['fid'] }, 'which is not among the metrics; got ["fid"]'],
      [{ accountant: 'gdp' }, "accountant gdp: it cannot account for 'epoch of small-cnn'; got 'pure-epsilon'"],
      [{ method: 'reuses', epsilon: 10 }, "'mean', which the method uses again, saw all of them"],
      [{ metrics: 'accuracy' as never }, "metrics: no list of names; got 'accuracy'"],
    ];
    for (const [options, words] of bad)
      await expect(run({ ...smoke, ...options, out: join(folder, 'refused') })).rejects.toThrow(words);
    expect(existsSync(join(folder, 'refused.unfinished'))).toBe(false);
  });

  it('computes a metric once that is named twice', async () => {
    const done = await run({ ...smoke, metrics: ['accuracy', 'accuracy'], out: join(folder, 'twice') });
    expect(done.ledger.entries).toHaveLength(2);
  });

  it('makes a choice that it has paid for, even when it is aborted meanwhile', async () => {
    const controller = new AbortController();
    const stop = onProgress(({ task, step }) => task.includes('epoch of') && step > 0 && controller.abort());
    const out = join(folder, 'aborted');
    await expect(run({ ...smoke, out, signal: controller.signal })).rejects.toThrow('aborted');
    stop();
    const done = await run({ ...smoke, out });
    expect(done.ledger.entries).toHaveLength(2);
    expect(done.config.processes).toBe(2);
  });

  it('closes what was released when it fails', async () => {
    let kept: Released<Float32Array> | undefined;
    methods.define({
      ...dpMerf,
      id: 'fails',
      params: {},
      spends: () => [gaussian({ of: 'mean', l2Sensitivity: 1 })],
      fit: async ({ mechanisms }) => {
        kept = await mechanisms.labelMeans('mean', oneFeature);
        expect(kept.value).toHaveLength(10);
        throw new Error('the method failed');
      },
    });
    const failing = { ...smoke, method: 'fails', params: {}, selection: 'final', out: join(folder, 'fails') } as const;
    await expect(run(failing)).rejects.toThrow('the method failed');
    expect(() => kept!.value).toThrow('the run that paid for it has ended');
  });

  it('holds records out for other selections too, so that ways can be compared', async () => {
    const { limit: _limit, ...rest } = smoke;
    const done = await run({ ...rest, selection: 'final', heldOut: 7500, out: join(folder, 'final') });
    expect(done.config.trainingRecords).toBe(500);
    expect(done.ledger.entries).toHaveLength(1);
    expect(done.ledger.entries[0]!.part).toBeUndefined();
    expect(done.metrics['accuracy']).toMatchObject({ variant: 'selection: final' });
  });
});
