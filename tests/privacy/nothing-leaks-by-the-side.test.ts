import { beforeAll, describe, expect, it, vi } from 'vitest';
import { onProgress, ProgressTask } from '../../lib/core/progress.js';
import { gaussian, type Mechanisms, noisyHistogram } from '../../lib/mechanisms/index.js';
import { setupEngine, type Tensor4D } from '../../lib/tensor/index.js';
import { brightness, mechanismsOn, twelve, type Toy } from './toy.js';

beforeAll(() => setupEngine());

const other: Toy = twelve.map(([bright], i) => [255 - bright, i < 3 ? 0 : 1]);

/** Everything that leaves a run beside its releases: progress, ledger, console, messages of refusals. */
async function besides(toy: Toy, method: (mechanisms: Mechanisms, toy: Toy) => Promise<unknown>): Promise<string> {
  const written: unknown[] = [];
  const stop = onProgress(({ task, step, steps, loss, epsilon, curve, done }) =>
    written.push({ task, step, steps, loss, epsilon, curve, done }),
  );
  const spies = (['log', 'warn', 'error', 'info'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation((...words) => void written.push(words)),
  );
  const plan = [
    gaussian({ of: 'mean', l2Sensitivity: 1 / 12, noiseMultiplier: 3 }),
    noisyHistogram({ of: 'bins', noiseMultiplier: 3 }),
  ];
  const { mechanisms, ledger } = mechanismsOn(toy, plan);
  await method(mechanisms, toy).catch((error: unknown) => written.push(String(error)));
  stop();
  for (const spy of spies) spy.mockRestore();
  return JSON.stringify([written, ledger]);
}

/** The check: two private datasets leave the same words behind. */
const leaksNothing = async (method: Parameters<typeof besides>[1]) =>
  (await besides(twelve, method)) === (await besides(other, method));

const bins = { bins: 2, binsOf: (images: Tensor4D) => images.reshape([-1]).round() };
const honest = async (mechanisms: Mechanisms) => {
  await mechanisms.labelMeans('mean', brightness);
  await mechanisms.histogram('bins', bins);
};

describe('pitfall 9: nothing leaks by the side', () => {
  it('holds for releases', async () => {
    expect(await leaksNothing(honest)).toBe(true);
  });

  it('holds for refusals and failures: no message has a number of the data', async () => {
    const unplanned = (mechanisms: Mechanisms) => mechanisms.histogram('by the side', bins);
    const tooLarge = (mechanisms: Mechanisms) =>
      mechanisms.labelMeans('mean', { ...brightness, features: (x) => brightness.features(x).mul(NaN) });
    for (const method of [unplanned, tooLarge]) expect(await leaksNothing(method)).toBe(true);
  });

  it('fails for the mutations that report a clean mean as the loss, or log counts', async () => {
    const clean = (toy: Toy) => toy.reduce((sum, [bright]) => sum + bright, 0) / toy.length;
    const reportsLoss = async (mechanisms: Mechanisms, toy: Toy) => {
      await honest(mechanisms);
      new ProgressTask('training', 1).done({ loss: clean(toy) });
    };
    const logsCounts = async (mechanisms: Mechanisms, toy: Toy) => {
      await honest(mechanisms);
      console.log('votes', toy.filter(([, label]) => label === 0).length); // eslint-disable-line no-console
    };
    for (const mutation of [reportsLoss, logsCounts]) expect(await leaksNothing(mutation)).toBe(false);
  });
});
