import { beforeAll, describe, expect, it } from 'vitest';
import type { LabeledImages } from '../../../../lib/core/images.js';
import { onProgress } from '../../../../lib/core/progress.js';
import { SecureStream, SeededStream } from '../../../../lib/core/rng.js';
import { measure, Mechanisms, noisyMax } from '../../../../lib/mechanisms/index.js';
import { grades } from '../../../../lib/metrics/utility/graded.js';
import { utility } from '../../../../lib/metrics/utility/protocol.js';
import { selections, type Selection } from '../../../../lib/metrics/utility/selection.js';
import { epochOf } from '../../../../lib/metrics/utility/selection-releases.js';
import { Ledger } from '../../../../lib/privacy/index.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';
import { classifiers, datasetOf, twoShades } from './two-shades.js';

beforeAll(() => setupEngine());

const synthetic = twoShades(240, 2);
const parts = { test: twoShades(200, 3), validation: twoShades(100, 4) };

function heldOutOf(dataset: ReturnType<typeof datasetOf>, epsilon = 1) {
  const plan = classifiers.map(({ id }) => noisyMax({ of: epochOf(id), epsilon: epsilon / 2 }));
  const ledger = new Ledger({ delta: 1e-5 });
  const options = { sensitive: dataset.validation!, plan, noiseMultiplier: NaN, ledger, noise: new SecureStream(1) };
  return { heldOut: new Mechanisms(options), ledger };
}

async function scored(
  selection: Selection,
  given: { synthetic?: LabeledImages; seed?: number; signal?: AbortSignal } = {},
) {
  const dataset = datasetOf(parts);
  const { heldOut, ledger } = heldOutOf(dataset);
  const context = { synthetic, dataset, classifiers, selection, seed: 0, heldOut, ...given };
  const sealed = await utility(context);
  const found = JSON.parse(JSON.stringify(await measure(sealed, 'grades', (all) => all))) as ReturnType<typeof grades>;
  return { ...found, ledger };
}

describe.each(selections)('the protocol with the selection %s', (selection) => {
  it('finds what can be learned, repeats by seed, and leaves no tensor behind', async () => {
    await scored(selection); // graphs stay
    const before = tf.memory().numTensors;
    const first = await scored(selection);
    expect(tf.memory().numTensors).toBe(before);
    expect(first.each).toHaveLength(2);
    expect(first.mean).toBeGreaterThan(90);
    expect((await scored(selection)).each).toEqual(first.each);
    const spends = selection === 'noisy' ? classifiers.map(({ id }) => epochOf(id)) : [];
    expect(first.ledger.entries.map(({ of }) => of)).toEqual(spends);
  });

  it('stops when it is aborted and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const stop = onProgress(({ step }) => step > 14 && controller.abort(new Error('enough')));
    await expect(scored(selection, { signal: controller.signal })).rejects.toThrow('enough');
    stop();
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** Learns for two epochs and is then thrown far off. */
const derailing = classifiers.map(({ recipe, ...rest }) => ({
  ...rest,
  recipe: { ...recipe, schedule: { rate: 2e-3, factor: 1e38, every: 2 } },
}));

describe('the choice among epochs', () => {
  const graded = async (selection: Selection, epochs = 4) => {
    const dataset = datasetOf(parts);
    const { heldOut } = heldOutOf(dataset, 100); // hardly any noise
    const chosen = derailing.map((one) => ({ ...one, recipe: { ...one.recipe, epochs } }));
    const sealed = await utility({ synthetic, dataset, classifiers: chosen, selection, seed: 0, heldOut });
    const { each } = JSON.parse(JSON.stringify(await measure(sealed, 'grades', (all) => all))) as ReturnType<
      typeof grades
    >;
    return each;
  };

  it('takes one that is good, where the last one is not', async () => {
    for (const last of await graded('final')) expect(last).toBeLessThan(70);
    for (const selection of ['synthetic', 'noisy', 'reference'] as const)
      for (const value of await graded(selection)) expect(value).toBeGreaterThan(90);
  });

  it('keeps the good ones as candidates, when there are more epochs than it keeps', async () => {
    for (const value of await graded('noisy', 12)) expect(value).toBeGreaterThan(90);
  });
});

describe('the protocol', () => {
  it('charges each noisy choice its share', async () => {
    const { ledger } = await scored('noisy');
    expect(ledger.entries.map(({ event }) => event)).toEqual([
      expect.objectContaining({ epsilon: 0.5 }),
      expect.objectContaining({ epsilon: 0.5 }),
    ]);
    expect(ledger.spent().upper).toBeLessThanOrEqual(1 + 1e-9);
  });

  it('refuses a noisy choice without mechanisms, and too few images', async () => {
    const context = { synthetic, dataset: datasetOf(parts), classifiers, seed: 0 };
    await expect(utility({ ...context, selection: 'noisy' })).rejects.toThrow(
      "selection 'noisy': there are no mechanisms on held-out records; expected dp.run or dp.evaluate with { selection, selectionEpsilon }.",
    );
    await expect(utility({ ...context, synthetic: twoShades(1, 1), selection: 'final' })).rejects.toThrow(
      'accuracy: too few synthetic images to train on some and choose by others; got 1, expected at least 2.',
    );
    await expect(utility({ ...context, classifiers: [], selection: 'final' })).rejects.toThrow(
      'there is no classifier',
    );
  });
});

describe('grades', () => {
  it('are means, population deviations and the best, with intervals around them', () => {
    const right = (count: number) => Uint8Array.from({ length: 1000 }, (_, i) => (i < count ? 1 : 0));
    // The list of three accuracies of a published log: numpy.mean and numpy.std of [95.5, 95.6, 95.1]
    const found = grades([right(955), right(956), right(951)], new SeededStream(1));
    expect(found.each).toEqual([95.5, 95.6, 95.1]);
    expect(found.mean).toBeCloseTo(95.4, 9);
    expect(found.deviation).toBeCloseTo(0.21602468994692867, 9);
    expect(found.best).toBe(95.6);
    // A share p of n records has the standard error sqrt(p (1 - p) / n): 0.66 %, and 1.96 of them to each side
    expect(found.spreadMean.upper! - found.spreadMean.lower!).toBeGreaterThan(0.7 * 2 * 1.96 * 0.66);
    expect(found.spreadMean.upper! - found.spreadMean.lower!).toBeLessThan(1.3 * 2 * 1.96 * 0.66);
    expect(found.spreadMean.lower!).toBeLessThan(95.4);
    expect(found.spreadMean.upper!).toBeGreaterThan(95.4);
  });
});
