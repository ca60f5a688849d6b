import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../lib/bench/run.js';
import type { Run } from '../../lib/bench/run-result.js';
import type { LabeledImages } from '../../lib/core/images.js';
import { SeededStream } from '../../lib/core/rng.js';
import { OptionError } from '../../lib/core/errors.js';
import { parameterValues, scales, type Parameters } from '../../lib/core/options.js';
import { onProgress, type TimedReport } from '../../lib/core/progress.js';
import { datasets } from '../../lib/data/datasets.js';
import { methods } from '../../lib/methods/methods.js';
import { setupEngine, tf } from '../../lib/tensor/index.js';

/** Places of the public bars: more than there are private classes. */
const places = Array.from({ length: 12 }, (_, place) => `place ${place}`);

/** Public images that are there without a download: bars of random lengths, in twelve classes by their place. */
function bars(count: number): LabeledImages {
  const stream = new SeededStream('bars');
  const shape = { height: 28, width: 28, channels: 1 };
  const labels = Uint8Array.from({ length: count }, (_, i) => i % places.length);
  const data = new Uint8Array(count * 784);
  for (const [i, label] of labels.entries())
    for (let row = 6; row < 8 + stream.integer(15); row++)
      data.fill(255, i * 784 + row * 28 + 2 * label + 1, i * 784 + row * 28 + 2 * label + 4);
  return { data, labels, count, ...shape };
}

let folder: string;
beforeAll(async () => {
  await setupEngine();
  datasets.define({
    ...{ id: 'made-up', title: 'Bars', licence: 'none needed', public: true, classes: places },
    shape: { height: 28, width: 28, channels: 1 },
    read: () => Promise.resolve({ train: bars(60), test: bars(6) }),
  });
  folder = await mkdtemp(join(tmpdir(), 'dpbench-methods-'));
});

let runs = 0;
const smoke = (method: string, options: object = {}) =>
  run({
    method,
    dataset: 'mnist-10k',
    epsilon: 10,
    scale: 'smoke',
    limit: 500,
    metrics: [],
    ...(methods.get(method).publicData === 'required' && { publicDataset: 'made-up' }),
    out: join(folder, `${method}-${++runs}`),
    ...options,
  });

describe.each(methods.all())('method $id', { timeout: 180_000 }, (method) => {
  it('says what it is', () => {
    expect(method.title.length).toBeGreaterThan(2);
    expect(method.paper).toMatchObject({ title: expect.any(String) as string, authors: expect.any(String) as string });
    expect(method.paper.year).toBeGreaterThan(2005);
    expect(new URL(method.paper.url).protocol).toBe('https:');
    for (const scale of scales) expect(method.samples[scale]).toBeGreaterThan(0);
  });

  it('says in a few words what the noise falls on, at every scale', async () => {
    const { facts } = (await datasets.load('mnist-10k', { limit: 500 })).train;
    const { idea, noised } = method.summary!;
    expect([idea.length > 20, noised.length > 8]).toEqual([true, true]);
    for (const scale of scales) {
      const values = method.summary!.noisedValues(parameterValues(method.id, method.params, scale, {}), facts);
      expect(values).toBeGreaterThan(9);
      expect(Number.isInteger(values)).toBe(true);
    }
  });

  it('has a default within its own range and a line of documentation for each parameter at each scale', () => {
    for (const [name, parameter] of Object.entries(method.params as Parameters)) {
      expect(parameter.doc.length, name).toBeGreaterThan(10);
      for (const scale of scales) parameter.check(method.id, name, parameter.defaults[scale]);
    }
    expect(() => parameterValues(method.id, method.params, 'smoke', { noSuchParameter: 1 })).toThrow(OptionError);
  });

  it('has published settings of its own parameters, within their ranges', () => {
    for (const { datasets, params } of method.published ?? []) {
      expect(datasets.length).toBeGreaterThan(0);
      expect(parameterValues(method.id, method.params, 'paper', params)).toMatchObject(params);
    }
  });

  it('plans the same finite releases whenever it is asked, from public facts alone, and fewer losses with more noise', async () => {
    const { facts } = (await datasets.load('mnist-10k', { limit: 500 })).train;
    for (const scale of scales) {
      const params = parameterValues(method.id, method.params, scale, {});
      const events = (noise: number) => method.spends(params, facts).map((release) => release.event(noise));
      expect(events(1).length).toBeGreaterThan(0);
      expect(events(1)).toEqual(events(1));
      expect(JSON.stringify(events(1))).not.toMatch(/null|non-private/); // JSON writes NaN and Infinity as null
      expect(events(2)).not.toEqual(events(1)); // something is left to calibrate
    }
  });

  it('runs: ledger as planned and within the budget, images as asked, progress told, no tensor left behind', async () => {
    await smoke(method.id); // whatever a process keeps is there now
    const before = tf.memory().numTensors;
    const reports: TimedReport[] = [];
    const stop = onProgress((report) => reports.push(report));
    const done = await smoke(method.id, { samples: 30 });
    stop();
    expect(tf.memory().numTensors).toBe(before);

    expect(done.config).toMatchObject({ private: true, trainingRecords: 500 });
    const plan = method.spends(done.config.params, (await datasets.load('mnist-10k', { limit: 500 })).train.facts);
    expect(done.ledger.entries.map(({ event }) => event)).toEqual(
      plan.map((release) => release.event(done.config.noiseMultiplier)),
    );
    expect(done.ledger.spent().upper).toBeLessThanOrEqual(10);
    expect(done.ledger.spent().upper).toBeGreaterThan(9); // and the budget is used

    expect(done.images).toMatchObject({ count: 30, height: 28, width: 28, channels: 1 });
    expect([...done.labels]).toEqual(Array.from({ length: 30 }, (_, i) => Math.floor(i / 3)));
    expect(new Set(done.images.data).size).toBeGreaterThan(10);
    expect(reports.some(({ step, steps }) => step > 0 && step < steps)).toBe(true);
    expect(reports.at(-1)).toMatchObject({ done: true });
  });

  it('repeats by seed once the noise is made repeatable, and never repeats the noise by itself', async () => {
    const bytes = async (options: object) => (await smoke(method.id, options)).images.data;
    const first = await bytes({ insecureNoiseSeed: 1, seed: 3 });
    expect(await bytes({ insecureNoiseSeed: 1, seed: 3 })).toEqual(first);
    expect(await bytes({ insecureNoiseSeed: 1, seed: 4 })).not.toEqual(first);
    expect(await bytes({ seed: 3 })).not.toEqual(await bytes({ seed: 3 }));
  });

  it('goes on when it was stopped: the ledger as planned, each release once, the training from its checkpoint', async () => {
    process.env['DPBENCH_CHECKPOINT_SECONDS'] = '0';
    const before = tf.memory().numTensors;
    const options = { out: join(folder, `${method.id}-stopped`), samples: 10 };
    const params = parameterValues(method.id, method.params, 'smoke', {});
    const plan = method.spends(params, (await datasets.load('mnist-10k', { limit: 500 })).train.facts);
    // A release that is made at once is lost when it is stopped in the middle; training is not.
    const inSteps = ['dp-sgd', 'sharded-critics'];
    const others = plan.filter(({ mechanism }) => !inSteps.includes(mechanism)).map(({ of }) => of);
    const controller = new AbortController();
    const trained: { task: string; step: number }[] = [];
    const listen = ({ task, step, steps }: TimedReport) => {
      if (step < 2 || step >= steps || [...others, 'sampling'].some((name) => task.includes(name))) return;
      trained.push({ task: task.split(': ').at(-1)!, step });
      controller.abort(new Error('enough'));
    };
    let stop = onProgress(listen);
    await expect(smoke(method.id, { ...options, signal: controller.signal })).rejects.toThrow('enough');
    const [stopped] = trained.splice(0);
    stop();
    stop = onProgress(listen);
    const done = await smoke(method.id, options);
    stop();
    delete process.env['DPBENCH_CHECKPOINT_SECONDS'];
    expect(trained.find(({ task }) => task === stopped!.task)!.step).toBeGreaterThan(stopped!.step);
    expect(done.config.processes).toBe(2);
    expect(done.ledger.entries).toHaveLength(plan.length);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.runIf(method.publicData === 'optional')(
    'takes public images at no cost, and leaves no tensor behind',
    async () => {
      const without = await smoke(method.id, { samples: 10 }); // whatever a process keeps is there now
      const before = tf.memory().numTensors;
      const tasks = new Set<string>();
      const stop = onProgress(({ task }) => tasks.add(task));
      const done = await smoke(method.id, { publicDataset: 'made-up', samples: 10 });
      stop();
      expect(tf.memory().numTensors).toBe(before);
      expect([...tasks].some((task) => task.includes('made-up'))).toBe(true);
      const events = ({ ledger }: Run) => ledger.entries.map(({ event }) => event);
      expect(events(done)).toEqual(events(without));
      expect(done.images.count).toBe(10);
    },
  );

  it.runIf((method.publicData ?? 'none') !== 'none')(
    'takes central images first, which its plan pays for',
    async () => {
      const options = { publicDataset: undefined, warmUp: 'central-images', samples: 10 };
      const done = await smoke(method.id, options);
      const before = tf.memory().numTensors;
      const again = await smoke(method.id, options);
      expect(tf.memory().numTensors).toBe(before);
      const [first, ...rest] = again.ledger.entries;
      expect(first).toMatchObject({ of: 'central images', mechanism: 'gaussian-on-samples', noise: 'fixed' });
      const plan = method.spends(done.config.params, (await datasets.load('mnist-10k', { limit: 500 })).train.facts);
      expect(rest.map(({ of }) => of)).toEqual(plan.map(({ of }) => of));
      expect(again.ledger.spent().upper).toBeLessThanOrEqual(10);
      expect(again.config.warmUp).toBe('central-images');
      expect(again.config.pretrained).toBeUndefined(); // what is trained on them is not kept for other runs
      const without = await smoke(method.id, {
        ...(method.publicData === 'required' ? {} : { publicDataset: undefined }),
      });
      // What the images cost is no longer there for the rest.
      expect(again.config.noiseMultiplier).toBeGreaterThan(without.config.noiseMultiplier);
    },
  );

  it('stops when it is aborted', async () => {
    const before = tf.memory().numTensors;
    // Once at the first report, once when training is on its way.
    for (const at of [0, 3]) {
      const controller = new AbortController();
      const stop = onProgress(({ step }) => step >= at && controller.abort(new Error('enough')));
      await expect(smoke(method.id, { signal: controller.signal })).rejects.toThrow('enough');
      stop();
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});
