import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunOptions } from '../../../lib/bench/run-options.js';
import { run } from '../../../lib/bench/run.js';
import { onProgress } from '../../../lib/core/progress.js';
import { gaussian } from '../../../lib/mechanisms/index.js';
import { dpMerf } from '../../../lib/methods/dp-merf.js';
import { methods } from '../../../lib/methods/methods.js';
import { setupEngine } from '../../../lib/tensor/index.js';

let folder: string;
beforeAll(async () => {
  await setupEngine();
  folder = await mkdtemp(join(tmpdir(), 'dpbench-selection-'));
});

const smoke: RunOptions = {
  ...{ method: 'dp-merf', dataset: 'mnist-10k', epsilon: 2, scale: 'smoke', samples: 120, curve: 'none' },
  ...{ params: { steps: 20 }, metrics: ['accuracy'], selection: 'noisy', heldOut: 300, limit: 1000 },
};

describe('dp.run with a noisy selection', () => {
  it('trains on one part, selects on the other, and costs the dearer one', async () => {
    const done = await run({ ...smoke, out: join(folder, 'noisy') });
    const division = '300 of 1300 held out';
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

  it('holds records out for other selections too, so that ways can be compared', async () => {
    const { limit: _limit, ...rest } = smoke;
    const done = await run({ ...rest, selection: 'final', heldOut: 7500, out: join(folder, 'final') });
    expect(done.config.trainingRecords).toBe(500);
    expect(done.ledger.entries).toHaveLength(1);
    expect(done.ledger.entries[0]!.part).toBeUndefined();
    expect(done.metrics['accuracy']).toMatchObject({ variant: 'selection: final' });
  });
});
