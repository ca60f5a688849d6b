import { beforeAll, describe, expect, it } from 'vitest';
import { takeImages, type LabeledImages } from '../../../../lib/core/images.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { datasets } from '../../../../lib/data/datasets.js';
import { fitClassifier } from '../../../../lib/nn/classifiers/fit-classifier.js';
import { classifierPresets, type ClassifierId } from '../../../../lib/nn/classifiers/presets.js';
import { shareRight } from '../../../../lib/nn/classifiers/trained-classifier.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';

const facts = (side: number, channels: number) => ({ shape: { height: side, width: side, channels }, classes: 10 });
const listed = (...args: Parameters<typeof classifierPresets>) =>
  classifierPresets(...args).map(({ id, network }) => `${id}: ${network.name}`);

describe('the presets of the paper', () => {
  it('are deep networks with Adam for most datasets', () => {
    const asked = { dataset: 'fashion-mnist', ...facts(28, 1) };
    expect(listed('paper', asked)).toEqual([
      'resnet: ResNet-110 (16, 32, 64)',
      'wrn: WRN-40-4 (dropout 0.3)',
      'resnext: ResNeXt-29 (cardinality 8, widen 4)',
    ]);
    for (const { recipe } of classifierPresets('paper', asked))
      expect(recipe).toEqual({
        optimizer: 'adam',
        schedule: { rate: 0.01, factor: 0.2, every: 20 },
        epochs: 50,
        batchSize: 256,
      });
  });

  it('are other ones with SGD for CIFAR', () => {
    const asked = { dataset: 'cifar-10', ...facts(32, 3) };
    expect(listed('paper', asked)).toEqual([
      'resnet: ResNet-164 (16, 32, 64)',
      'wrn: WRN-28-10 (dropout 0.3)',
      'resnext: ResNeXt-28 (cardinality 8, widen 10)',
    ]);
    for (const { recipe } of classifierPresets('paper', asked))
      expect(recipe).toEqual({
        optimizer: 'sgd',
        schedule: { rate: 0.1, factor: 0.2, every: 60 },
        epochs: 200,
        batchSize: 126,
      });
  });

  it('leave ResNeXt out above 32 pixels and compute large images in parts', () => {
    const parts = (side: number) =>
      classifierPresets('paper', { dataset: 'celeba', ...facts(side, 3) }).map(({ id, recipe }) => [id, recipe.parts]);
    expect(parts(64)).toEqual([
      ['resnet', 16],
      ['wrn', 16],
    ]);
    expect(parts(128)).toEqual([
      ['resnet', 64],
      ['wrn', 64],
    ]);
    expect(parts(32).length).toBe(3);
  });
});

it('the presets of laptop are small relatives', () => {
  expect(listed('laptop', { dataset: 'mnist', ...facts(28, 1) })).toEqual([
    'resnet: ResNet-8 (16, 32, 64, at half the side)',
    'wrn: WRN-10-1 (dropout 0.3, at half the side)',
    'resnext: ResNeXt-11 (cardinality 2, widen 2, from 8 channels, at half the side)',
  ]);
});

describe('the presets of smoke', () => {
  beforeAll(async () => void (await setupEngine()));

  it('learn 600 digits in seconds', async () => {
    const before = tf.memory().numTensors;
    const { images } = await datasets.loadPublic('mnist-10k');
    const rows = (start: number, count: number) =>
      takeImages(
        images,
        Array.from({ length: count }, (_, i) => start + i),
      ) as LabeledImages;
    const found: Partial<Record<ClassifierId, number>> = {};
    for (const { id, network, recipe } of classifierPresets('smoke', { dataset: 'mnist-10k', ...facts(28, 1) })) {
      const trained = await fitClassifier(network, rows(0, 600), recipe, { stream: new SeededStream(0), task: id });
      found[id] = await shareRight(trained.classes, rows(1000, 500));
      trained.dispose();
    }
    for (const share of Object.values(found)) expect(share).toBeGreaterThan(0.5);
    expect(Object.keys(found)).toEqual(['resnet', 'wrn', 'resnext']);
    expect(tf.memory().numTensors).toBe(before);
  });
});
