import { beforeAll, describe, expect, it } from 'vitest';
import { pretrainedFacts, pretrainedKey } from '../../../lib/bench/pretrained/pretrained-key.js';
import type { LabeledImages } from '../../../lib/core/images.js';
import { parameterValues } from '../../../lib/core/options.js';
import { SeededStream } from '../../../lib/core/rng.js';
import type { FitContext, Pretraining, SavedState } from '../../../lib/methods/contract.js';
import { privImage } from '../../../lib/methods/privimage.js';
import { methodParameters } from '../../../lib/methods/settings.js';
import { setupEngine } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

// k = floor(1000 ratio / classes): ratio 0.05 for ten and for two classes, 0.1 for a hundred. Steps: passes x floor(images chosen / batch).
it.each([
  [
    'mnist',
    { categoriesEach: 5, queryNoiseMultiplier: 50, publicSteps: 3200 * Math.floor(64_058 / 1024), steps: 2250 },
  ],
  ['cifar-10', { categoriesEach: 5, queryNoiseMultiplier: 50, steps: 1950, sampler: 'ddim' }],
  ['cifar-100', { categoriesEach: 1, queryNoiseMultiplier: 50, publicSteps: 1600 * Math.floor(128_116 / 1024) }],
  ['celeba-male-32', { categoriesEach: 25, queryNoiseMultiplier: 500, steps: 4000, copies: 32 }],
  ['celeba-male-64', { categoriesEach: 25, steps: 4000, copies: 16 }],
  ['celeba-male-128', { publicSteps: 800 * Math.floor(64_058 / 64), publicBatchSize: 64, steps: 2000, copies: 4 }],
  ['eurosat', { batchSize: 4096, steps: 900, sampler: 'ddim', samplerSteps: 250 }],
  ['camelyon17', { categoriesEach: 25, queryNoiseMultiplier: 500, steps: 3700 }],
])('at paper scale on %s', (dataset, expected) => {
  expect(methodParameters(privImage, { scale: 'paper', dataset, epsilon: 10 })).toMatchObject(expected);
});

const shape = { height: 28, width: 28, channels: 1 };
const facts = { name: 'digits', size: 100, classes: ['zero', 'one'], shape };
const labels = Uint8Array.from({ length: 80 }, (_, i) => i % 4);
const publicDataset = {
  name: 'letters',
  classes: ['a', 'b', 'c', 'd'],
  images: {
    data: Uint8Array.from({ length: 80 * 784 }, (_, i) => labels[Math.floor(i / 784)]!),
    labels,
    count: 80,
    ...shape,
  },
};

/** A fit up to DP-SGD, where the question was answered by these counts, `[2, 4]`. */
async function fitWith(counts: readonly number[], params: object = {}) {
  const taken: Pretraining[] = [];
  const stages: { title: string; images: LabeledImages }[] = [];
  const order: string[] = [];
  const owned: { dispose(): void }[] = [];
  const mechanisms = {
    histogram: () => (order.push('query'), Promise.resolve({ value: Int32Array.from(counts) })),
    dpSgd: () => (order.push('DP-SGD'), Promise.reject(new Error('far enough'))),
  };
  const context = {
    ...{ mechanisms, facts, publicDataset, stream: new SeededStream(1) },
    params: parameterValues('privimage', privImage.params, 'smoke', { ...params }),
    checkpoint: {
      load: () => Promise.resolve(undefined),
      save: (state: () => SavedState) => {
        const { stage, step } = state().values as { stage: string; step: number };
        if (step === 1) order.push(stage);
        return Promise.resolve();
      },
    },
    onStage: (title: string, images: LabeledImages) => (stages.push({ title, images }), Promise.resolve()),
    pretrained: {
      take: (pretraining: Pretraining) => (order.push(pretraining.of), taken.push(pretraining), Promise.resolve()),
    },
    own: <T extends { dispose(): void }>(disposable: T) => (owned.push(disposable), disposable),
  };
  await expect(privImage.fit(context as unknown as FitContext<never>)).rejects.toThrow('far enough');
  const keys = taken.map((each) => pretrainedKey(each, pretrainedFacts(each)));
  owned.reverse().forEach((each) => each.dispose());
  return { taken, stages, order, keys };
}

describe('PrivImage', { timeout: 60_000 }, () => {
  it('asks, trains on the images of the categories chosen, relabelled, and then privately', async () => {
    const { stages, order } = await fitWith([1, 9, 2, 3, 8, 9, 1, 2]);
    expect(order).toEqual(['classifier of public categories', 'query', 'public', 'DP-SGD']);
    // Category b for zero, as 9 comes first there; a for one.
    expect(stages.map(({ title }) => title)).toEqual(['public images chosen for each class']);
    const { images } = stages[0]!;
    expect([...images.labels]).toEqual([...new Array<number>(8).fill(0), ...new Array<number>(8).fill(1)]);
    for (let i = 0; i < 16; i++) expect(images.data[i * 784]).toBe(i < 8 ? 1 : 0);
  });

  it('keeps for other runs what no release has touched: the classifier, not a model of the categories chosen', async () => {
    const first = await fitWith([1, 9, 2, 3, 8, 9, 1, 2]);
    const other = await fitWith([8, 9, 1, 2, 1, 9, 2, 3]);
    expect(first.taken.map(({ of }) => of)).toEqual(['classifier of public categories']);
    expect(first.taken[0]!.dataset).toBe(publicDataset);
    expect(other.keys).toEqual(first.keys);
  });

  it('charges the question in every run, at a cost that no budget changes', () => {
    const params = parameterValues('privimage', privImage.params, 'laptop', {});
    const [query, training] = privImage.spends(params, facts);
    expect(query).toMatchObject({ of: 'public categories of the private images', noise: 'fixed' });
    expect(query!.event(1)).toEqual({ kind: 'gaussian', noiseMultiplier: 20 });
    expect(query!.event(7)).toEqual(query!.event(1));
    expect(training).toMatchObject({ mechanism: 'dp-sgd', noise: 'calibrated' });
  });

  it('refuses a public dataset with too few categories before anything is trained or asked', () => {
    const params = parameterValues('privimage', privImage.params, 'smoke', { categoriesEach: 3 });
    expect(() => privImage.refuse!({ facts, params, publicDataset })).toThrow(
      'choosing categories of letters: there are too few',
    );
  });
});
