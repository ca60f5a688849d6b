import { mkdtemp, readdir, readFile, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../lib/bench/run.js';
import { evaluate } from '../../../lib/bench/evaluate.js';
import { metrics } from '../../../lib/metrics/metrics.js';
import { sweep } from '../../../lib/bench/sweep.js';
import { curveReference } from '../../../lib/bench/curve-reference.js';
import { features } from '../../../lib/metrics/features/extractors.js';
import { FeatureStore } from '../../../lib/metrics/features/feature-store.js';
import { CurveRecorder } from '../../../lib/bench/result-curve.js';
import { revealForDisplay } from '../../../lib/core/diagnostic.js';
import { displaySymbol } from '../../../lib/core/mime.js';
import { onProgress, ProgressGroup, type TimedReport } from '../../../lib/core/progress.js';
import { datasets } from '../../../lib/data/datasets.js';
import { dpMerf } from '../../../lib/methods/dp-merf.js';
import { methods } from '../../../lib/methods/methods.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';

let folder: string;
beforeAll(async () => {
  await setupEngine();
  folder = await mkdtemp(join(tmpdir(), 'dpbench-run-'));
});

const smoke = { method: 'dp-merf', dataset: 'mnist-10k', epsilon: 10, scale: 'smoke', limit: 1000 } as const;

describe('dp.run', () => {
  it('refuses bad options before it reads anything', async () => {
    await expect(run({ ...smoke, method: 'dp-mef' })).rejects.toThrow("Did you mean 'dp-merf'");
    await expect(run({ ...smoke, epsilon: -1 })).rejects.toThrow('epsilon is out of range; got -1');
    await expect(run({ ...smoke, epsilom: 1 } as never)).rejects.toThrow("Did you mean 'epsilon'?");
    await expect(run({ ...smoke, params: { step: 1 } })).rejects.toThrow("Did you mean 'steps'");
    await expect(run({ ...smoke, metrics: ['fidd'] })).rejects.toThrow("Did you mean 'fid'?");
    await expect(run({ method: 'dp-merf', dataset: 'mnist-10k' } as never)).rejects.toThrow('epsilon is missing');
  });

  it('spends what it planned, writes a whole folder, draws itself and leaves no tensor behind', async () => {
    await run({ ...smoke, metrics: ['fid'], out: join(folder, 'warm-up') }); // the digit features stay for the process
    const before = tf.memory().numTensors;
    const reports: TimedReport[] = [];
    const stop = onProgress((report) => reports.push(report));
    const done = await run({ ...smoke, curve: 'sensitive', out: join(folder, 'one') });
    stop();
    expect(tf.memory().numTensors).toBe(before);

    expect(done.ledger.entries).toHaveLength(1);
    expect(done.ledger.spent().upper).toBeLessThanOrEqual(10);
    expect(done.ledger.spent().upper).toBeGreaterThan(9.9);
    expect(done.images.count).toBe(200);
    expect(done.curve.points.map(({ step }) => step)).toEqual([10, 40]);

    expect((await readdir(done.folder)).sort()).toEqual(['gen', 'run.json', 'sample.png']);
    const stored = JSON.parse(await readFile(join(done.folder, 'run.json'), 'utf8')) as Record<string, never>;
    expect(stored).toMatchObject({ method: 'dp-merf', epsilon: 10, private: true, trainingRecords: 1000 });
    expect(stored['metrics']!['accuracy']!['value']).toBe(revealForDisplay(done.metrics['accuracy']!.value));

    const bundle = await done[displaySymbol]();
    expect(bundle['text/html']).toContain('not differentially private');
    expect(String(bundle['text/plain'])).toContain('epsilon 10');
    expect(new Set(reports.map(({ taskId }) => taskId)).size).toBe(1); // one live display for the whole run
    expect(reports.at(-1)).toMatchObject({ done: true, epsilon: done.ledger.spent().upper });
  });

  it('repeats by seed except for the noise, and repeats the noise only when asked to, marked as not private', async () => {
    const bytes = async (name: string, options: object) =>
      (await run({ ...smoke, metrics: [], out: join(folder, name), ...options })).images.data;
    expect(await bytes('a', { insecureNoiseSeed: 1 })).toEqual(await bytes('b', { insecureNoiseSeed: 1 }));
    expect(await bytes('c', {})).not.toEqual(await bytes('d', {}));
    expect(JSON.parse(await readFile(join(folder, 'a', 'run.json'), 'utf8'))).toMatchObject({ private: false });
  });

  it('keeps a trained result when a metric cannot be computed, and says so', async () => {
    const broken = metrics.define({
      ...{ id: 'broken', title: 'A metric that fails', unit: '', better: 'higher', source: 'none' },
      evaluate: () => Promise.reject(new Error('no weights <here>')),
    });
    const done = await run({ ...smoke, metrics: [broken.id, 'fid'], out: join(folder, 'failed') });
    expect(Object.keys(done.metrics)).toEqual(['fid']);
    expect(JSON.parse(await readFile(join(done.folder, 'run.json'), 'utf8'))).toMatchObject({
      failures: { broken: 'no weights <here>' },
    });
    const bundle = await done[displaySymbol]();
    expect(bundle['text/plain']).toContain('broken could not be computed: no weights <here>.');
    expect(bundle['text/html']).toContain('no weights &lt;here&gt;');
    await expect(evaluate({ images: done.images, dataset: 'mnist-10k', metrics: ['broken'] })).rejects.toThrow(
      'metric broken: no weights <here>.',
    );
  });

  it('loses no result that is there', async () => {
    const kept = join(folder, 'kept');
    await mkdir(kept);
    await writeFile(join(kept, 'run.json'), 'mine');
    await expect(run({ ...smoke, metrics: [], out: kept })).rejects.toThrow('the result folder exists already');
    expect(await readFile(join(kept, 'run.json'), 'utf8')).toBe('mine');
  });

  it('stops at a step when aborted, leaves no half folder, and goes on when asked again', async () => {
    const controller = new AbortController();
    const stop = onProgress(({ task }) => task.includes('generator') && controller.abort(new Error('stopped')));
    const out = join(folder, 'aborted', 'run');
    const options = { ...smoke, metrics: [], out };
    await expect(run({ ...options, signal: controller.signal })).rejects.toThrow(
      `stopped. What the run spent and saved is kept in ${out}.unfinished.`,
    );
    stop();
    expect(await readdir(join(folder, 'aborted'))).toEqual(['run.unfinished']);
    const done = await run(options);
    expect(done.config.processes).toBe(2);
    expect(await readdir(join(folder, 'aborted'))).toEqual(['run']);
  });

  it('that was stopped ends as if it had not been, to the bit, when all randomness is repeatable', async () => {
    process.env['DPBENCH_CHECKPOINT_SECONDS'] = '0';
    const curve = { at: [10, 25, 40], samples: 60 };
    const options = { ...smoke, metrics: [], insecureNoiseSeed: 5, curve };
    const whole = await run({ ...options, out: join(folder, 'whole') });
    const controller = new AbortController();
    const stop = onProgress(({ task, step }) => task.includes('generator') && step >= 20 && controller.abort());
    const stopped = { ...options, out: join(folder, 'in-two') };
    await expect(run({ ...stopped, signal: controller.signal })).rejects.toThrow('aborted');
    stop();
    const steps: number[] = [];
    const stopListening = onProgress(({ task, step }) => task.includes('generator') && step > 0 && steps.push(step));
    const done = await run(stopped);
    stopListening();
    delete process.env['DPBENCH_CHECKPOINT_SECONDS'];
    expect(Math.min(...steps)).toBe(30);
    expect(done.images.data).toEqual(whole.images.data);
    expect(JSON.stringify(done.curve)).toBe(JSON.stringify(whole.curve));
    expect(whole.curve).toMatchObject({ against: 'the samples of the look before', isPrivate: false, samples: 60 });
    expect(whole.curve.points.map(({ step }) => step)).toEqual([25, 40]);
    expect(whole.curve.points.every(({ value }) => typeof value === 'number' && value > 0)).toBe(true);
  });

  it('leaves nothing when it is aborted before it has spent anything', async () => {
    const controller = new AbortController();
    controller.abort(new Error('too early'));
    methods.define({
      ...dpMerf,
      id: 'stops-first',
      fit: async ({ signal }) => {
        signal!.throwIfAborted();
        throw new Error('not reached');
      },
    });
    const out = join(folder, 'early', 'run');
    const early = run({ ...smoke, method: 'stops-first', metrics: [], out, signal: controller.signal });
    await expect(early).rejects.toThrow(/^too early$/);
    expect(await readdir(join(folder, 'early'))).toEqual([]);
  });
});

describe('the curve of a run', () => {
  it('goes on with the points of an earlier process, and scores none of them again', async () => {
    const own = await mkdtemp(join(tmpdir(), 'dpbench-curve-'));
    const dataset = await datasets.load('mnist-10k', { limit: 200 });
    const store = new FeatureStore(features.get('digit-cnn'));
    const reference = curveReference('sensitive', {
      dataset,
      publicDataset: undefined,
      root: undefined,
      store,
      folder: own,
    });
    const group = new ProgressGroup('a run');
    const settings = { reference, features: store.extractor.name, classes: 10, scale: 'smoke', group } as const;
    const open = () => new CurveRecorder({ ...settings, folder: own });
    let sampled = 0;
    const sample = async (labels: Uint8Array) => {
      sampled++;
      return { data: new Uint8Array(labels.length * 784), count: labels.length, height: 28, width: 28, channels: 1 };
    };
    const first = open(); // smoke: points at a quarter of the steps and at the end
    for (const step of [1, 10, 11]) await first.look({ step, steps: 40 }, sample);
    const second = open();
    for (const step of [9, 10, 11, 40]) await second.look({ step, steps: 40 }, sample);
    expect(sampled).toBe(2);
    const points = JSON.parse(JSON.stringify(second.result().points)) as { step: number; value: number }[];
    expect(points.map(({ step }) => step)).toEqual([10, 40]);
    expect(points[0]!.value).toBe(JSON.parse(JSON.stringify(first.result().points[0]!.value)));

    await writeFile(join(own, 'curve.json'), '{"looked":1');
    expect(open).toThrow(
      `${join(own, 'curve.json')}: no curve of a run. Remove the file: the curve then begins where the run goes on.`,
    );
  });
});

describe('dp.sweep', () => {
  it('goes on where it was and draws the plot', async () => {
    const options = {
      methods: ['dp-merf'],
      datasets: ['mnist-10k'],
      epsilons: [1, 10],
      scale: 'smoke',
      limit: 1000,
      metrics: ['accuracy'],
      out: join(folder, 'sweep'),
    } as const;
    const first = await sweep(options);
    const started = performance.now();
    const again = await sweep(options);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(JSON.stringify(again.runs.map(({ metrics }) => metrics))).toBe(
      JSON.stringify(first.runs.map(({ metrics }) => metrics)),
    );
    expect(String((await again[displaySymbol]())['text/html'])).toContain('<img');
    await expect(sweep({ ...options, params: { steps: 41 } })).rejects.toThrow('was made with other settings; got');
    // Neither more records nor secure noise may be claimed for a run that had fewer, or repeatable noise.
    await expect(sweep({ ...options, limit: undefined })).rejects.toThrow(
      'was made with other settings; got {"limit":1000}',
    );
    await expect(sweep({ ...options, insecureNoiseSeed: 1 })).rejects.toThrow('got {"insecureNoiseSeed":null}');
    await expect(sweep({ ...options, accountant: 'rdp' })).rejects.toThrow('got {"accountant":null}');
    await expect(sweep({ ...options, executor: 'slrum' as never })).rejects.toThrow('executor has no such value');
    await expect(sweep({ ...options, methods: [] })).rejects.toThrow('methods is no list with a member');
  });
});
