import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { pretrain } from '../../../../lib/bench/pretrained/pretrain.js';
import { resume } from '../../../../lib/bench/resume.js';
import { run } from '../../../../lib/bench/run.js';
import { displaySymbol } from '../../../../lib/core/mime.js';
import { onProgress } from '../../../../lib/core/progress.js';
import { datasets } from '../../../../lib/data/datasets.js';
import { methods } from '../../../../lib/methods/methods.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';

const count = 48;
// PrivImage wants a category for each private class.
const classes = Array.from('abcdefghijkl');
beforeAll(async () => {
  await setupEngine();
  const images = {
    ...{ count, height: 28, width: 28, channels: 1 },
    data: Uint8Array.from({ length: count * 784 }, (_, i) => (i * 31) % 256),
    labels: Uint8Array.from({ length: count }, (_, i) => i % classes.length),
  };
  datasets.define({
    ...{ id: 'stripes', title: 'Stripes', licence: 'none needed', public: true, classes },
    ...{ shape: { height: 28, width: 28, channels: 1 }, read: () => Promise.resolve({ train: images, test: images }) },
  });
});

const asked = { method: 'pdp-diffusion', dataset: 'mnist-10k', publicDataset: 'stripes', scale: 'smoke' } as const;
const folder = () => join(mkdtempSync(join(tmpdir(), 'dpbench-runs-')), 'run');
const smoke = (options: object) =>
  run({ ...asked, epsilon: 10, limit: 300, samples: 10, metrics: [], curve: 'none', out: folder(), ...options });

it('trains ahead what runs of other budgets and seeds then share, and results say which', async () => {
  const before = tf.memory().numTensors;
  const { models } = await pretrain(asked);
  expect(tf.memory().numTensors).toBe(before);
  expect(models).toMatchObject([{ of: 'denoiser', dataset: 'stripes', images: count, trained: true }]);
  const again = await pretrain(asked);
  expect(again.models[0]!.trained).toBe(false);
  expect(String(again)).toMatch(/denoiser +stripes +48 .*was there +[0-9a-f]{16}\nkept in /s);
  expect(Object.keys(again[displaySymbol]())).toContain('text/html');
  for (const options of [{ epsilon: 1 }, { epsilon: 10, seed: 7 }]) {
    const { config } = await smoke(options);
    expect(config.pretrained).toMatchObject([{ key: models[0]!.key, checksum: models[0]!.checksum, trained: false }]);
  }
  const other = await smoke({ params: { publicSteps: 5 } });
  expect(other.config.pretrained![0]!.key).not.toBe(models[0]!.key);
});

it('is what every method that has a public stage of its own finds in its run', async () => {
  for (const method of methods.all().filter((each) => each.pretrain !== undefined)) {
    const options = { ...asked, method: method.id as typeof asked.method };
    const { models } = await pretrain(options);
    const { config } = await smoke(options);
    const found = config.pretrained!.filter(({ trained }) => !trained).map(({ key }) => key);
    for (const { key } of models) expect(found, method.id).toContain(key);
  }
}, 300_000);

it('a run that is stopped while it trains on public images goes on there, having spent nothing', async () => {
  const out = folder();
  const options = { out, params: { publicSteps: 9 } };
  process.env['DPBENCH_CHECKPOINT_SECONDS'] = '0';
  const controller = new AbortController();
  const stop = onProgress(({ task }) => {
    if (task.includes('training on stripes')) controller.abort(new Error('enough'));
  });
  await expect(smoke({ ...options, signal: controller.signal })).rejects.toThrow(
    `enough. What the run spent and saved is kept in ${out}.unfinished.`,
  );
  stop();
  const done = await resume(out);
  delete process.env['DPBENCH_CHECKPOINT_SECONDS'];
  expect(done.config).toMatchObject({ processes: 2, pretrained: [{ trained: true }] });
  expect(done.ledger.entries).toHaveLength(1);
});

it('refuses what has no public stage, and no public dataset', async () => {
  await expect(pretrain({ ...asked, method: 'dpdm' })).rejects.toThrow(
    /^dp\.pretrain: the method trains nothing on public images alone that could be kept; got 'dpdm', expected .*pdp-diffusion/,
  );
  await expect(pretrain({ ...asked, publicDataset: undefined as never })).rejects.toThrow(
    /^dp\.pretrain: publicDataset is missing; expected .*stripes/,
  );
  for (const name of ['method', 'dataset'] as const)
    await expect(pretrain({ ...asked, [name]: undefined as never })).rejects.toThrow(`dp.pretrain: ${name} is missing`);
});

it('refuses private records in the place of public ones', async () => {
  const same = pretrain({ ...asked, dataset: 'mnist', publicDataset: 'mnist-10k' });
  await expect(same).rejects.toThrow(
    "pdp-diffusion: the public dataset holds records of the private one, which would be used without privacy; got 'mnist-10k'",
  );
});
