import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../lib/bench/run.js';
import type { Run } from '../../../lib/bench/run-result.js';
import { composedEvent } from '../../../lib/core/events.js';
import { parameterValues, type ParameterValues } from '../../../lib/core/options.js';
import { onProgress } from '../../../lib/core/progress.js';
import { dpFetaPro } from '../../../lib/methods/dp-feta-pro.js';
import { methodParameters } from '../../../lib/methods/settings.js';
import { calibrate } from '../../../lib/privacy/index.js';
import { rdp } from '../../../lib/privacy/rdp.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';

let folder: string;
beforeAll(async () => {
  await setupEngine();
  folder = await mkdtemp(join(tmpdir(), 'dpbench-feta-'));
});

let runs = 0;
const smoke = (options: object = {}): Promise<Run> =>
  run({
    ...{ method: 'dp-feta-pro', dataset: 'mnist-10k', epsilon: 10, scale: 'smoke', limit: 300, samples: 10 },
    ...{ metrics: [], out: join(folder, `run-${++runs}`) },
    ...options,
  });

const trainings = ['training the generator', 'training on central images', 'training on generated images'];

/** The tasks of training before DP-SGD that a run went through, in their order. */
async function stagesOf(work: () => Promise<unknown>): Promise<string[]> {
  const tasks = new Set<string>();
  const stop = onProgress(({ task }) => tasks.add(task.split(': ').at(-1)!));
  await work();
  stop();
  return [...tasks].filter((task) => trainings.some((name) => task.startsWith(name)));
}

const mnist = {
  ...{ name: 'mnist', size: 55000, classes: [...'0123456789'] },
  shape: { height: 28, width: 28, channels: 1 },
};
const [central, frequencies, gradients] = ['central images', 'frequency features', 'gradients of the denoiser'];

describe('schedules of DP-FETA-Pro', { timeout: 120_000 }, () => {
  const [generator, onMeans, onMade] = trainings;
  it.each([
    ['time-freq', [central, frequencies, gradients], [generator, onMeans, onMade]],
    ['freq-time', [central, frequencies, gradients], [generator, onMade, onMeans]],
    ['time', [central, gradients], [onMeans]],
    ['freq', [frequencies, gradients], [generator, onMade]],
    ['mix', [central, frequencies, gradients], [generator, 'training on central images and generated images']],
  ])('%s asks and pays for what it uses, and trains in that order', async (schedule, releases, stages) => {
    let done: Run;
    const trained = await stagesOf(async () => (done = await smoke({ params: { schedule } })));
    // A task on released images names the dataset too.
    expect(trained.map((task) => task.replace(/ of mnist.*/, ''))).toEqual(stages);
    expect(done!.ledger.entries.map(({ of }) => of)).toEqual(releases);
    const shown = stages
      .filter((stage) => stage !== generator)
      .map((stage) => stage!.replace('training on', 'after the'));
    const before = [
      ...(releases.includes(central) ? ['central images'] : []),
      ...(releases.includes(frequencies) ? ['generated images'] : []),
    ];
    expect(done!.stages.map(({ title }) => title)).toEqual([...before, ...shown]);
    expect(done!.stages.at(-1)!.images.count).toBe(80);
  });
});

describe('a run that is stopped in each of its stages', { timeout: 120_000 }, () => {
  it('goes on there, with the generator that it had, and shows what the whole run shows', async () => {
    process.env['DPBENCH_CHECKPOINT_SECONDS'] = '0';
    const params = { generatorSteps: 20, easySteps: 20, frequencySteps: 20, easyEmaRate: 0.5 };
    const options = { params, insecureNoiseSeed: 1 };
    const whole = await smoke(options);
    const before = tf.memory().numTensors;
    const out = join(folder, 'stopped');
    for (const training of trainings) {
      const controller = new AbortController();
      const stop = onProgress(({ task, step }) => {
        if (task.endsWith(training) && step === 10) controller.abort(new Error('enough'));
      });
      await expect(smoke({ ...options, out, signal: controller.signal })).rejects.toThrow('enough');
      stop();
    }
    const done = await smoke({ ...options, out });
    delete process.env['DPBENCH_CHECKPOINT_SECONDS'];
    expect(tf.memory().numTensors).toBe(before);
    expect(done.config.processes).toBe(4);
    expect(done.stages.map(({ title }) => title)).toEqual(whole.stages.map(({ title }) => title));
    for (const [i, { title, images }] of whole.stages.entries())
      expect(Buffer.compare(done.stages[i]!.images.data, images.data), title).toBe(0);
  });
});

describe('the plan of DP-FETA-Pro', () => {
  const delta = 1 / (55000 * Math.log(55000));
  const options = { delta, accountant: 'rdp', orders: 'reference' } as const;
  const planAt = (epsilon: number, given: object = {}) => {
    const params = methodParameters(
      dpFetaPro,
      { scale: 'paper', dataset: 'mnist', epsilon },
      { steps: 2100, ...given },
    );
    return dpFetaPro.spends(params as ParameterValues<typeof dpFetaPro.params>, mnist);
  };

  // Printed by the reference: what the two queries cost by themselves, and the noise that is left for DP-SGD (its search stops up to
  // 0.01 below epsilon). It charges the central images for batches of 6000 / 55000, here it is the rate that is drawn at, 1 / 10.
  it.each([
    [10, 0.622, 1.99951171875, 1.99462890625],
    [1, 0.181, 14.84375, 14.6],
  ])('costs at epsilon %d hardly less than the reference’s', (epsilon, auxiliary, noise, atLeast) => {
    const plan = planAt(epsilon);
    const fixed = composedEvent(plan.slice(0, 2).map((release) => release.event(NaN)));
    const spent = rdp.epsilon(fixed, delta, options).upper;
    expect(spent).toBeLessThanOrEqual(auxiliary);
    expect(spent).toBeGreaterThan(0.95 * auxiliary);
    const found = calibrate((free) => composedEvent(plan.map((release) => release.event(free))), {
      epsilon,
      ...options,
    });
    expect(found).toBeLessThanOrEqual(noise);
    expect(found).toBeGreaterThan(atLeast - 0.01);
  });

  it('is smaller where a stage is left out, and its noise follows the budget at laptop scale', () => {
    expect(planAt(10, { schedule: 'time' }).map(({ of }) => of)).toEqual([central, gradients]);
    expect(planAt(10, { schedule: 'freq' }).map(({ of }) => of)).toEqual([frequencies, gradients]);
    const laptop = dpFetaPro.spends(parameterValues('x', dpFetaPro.params, 'laptop'), mnist);
    expect(laptop.map(({ noise }) => noise)).toEqual(['calibrated', 'calibrated', 'calibrated']);
    expect(laptop.map((release) => release.noiseMultiplier(0.5))).toEqual([4, 5, 0.5]);
  });

  it('is the published one for the datasets of the paper', () => {
    const at = (dataset: string, epsilon: number) => methodParameters(dpFetaPro, { scale: 'paper', dataset, epsilon });
    expect(at('fashion-mnist', 1)).toMatchObject({ centralNoiseMultiplier: 20, frequencyNoiseMultiplier: 26.6 });
    expect(at('cifar-10', 10)).toMatchObject({ frequencyNoiseMultiplier: 8.2, generatorBatchSize: 500, steps: 1950 });
    expect(at('celeba-male-64', 10)).toMatchObject({ centralRounds: 250, centralShrink: 4, copies: 4, steps: 2000 });
    expect(at('camelyon17', 1)).toMatchObject({ frequencyNoiseMultiplier: 49.6, generatorLearningRate: 0.005 });
    expect(at('eurosat', 10)).toMatchObject({ sampler: 'ddim', samplerSteps: 250, batchSize: 4096, steps: 900 });
  });
});
