import { beforeAll, expect, it } from 'vitest';
import { parameterValues } from '../../../../lib/core/options.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import type { PublicDataset } from '../../../../lib/data/contract.js';
import type { Checkpoint, Pretraining, SavedState } from '../../../../lib/methods/contract.js';
import { privImage } from '../../../../lib/methods/privimage.js';
import {
  pretrainClassifier,
  type SemanticClassifier,
} from '../../../../lib/methods/semantic-query/pretrain-classifier.js';
import { semanticNetwork } from '../../../../lib/methods/semantic-query/semantic-network.js';
import { trainedHere } from '../../../../lib/methods/pretraining/trained-here.js';
import { TrainedClassifier, shareRight } from '../../../../lib/nn/classifiers/trained-classifier.js';
import { setupEngine, tf, type Tensor, type Tensor1D, type Tensor4D } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const shape = { height: 8, width: 8, channels: 1 };

/** Noisy pictures of three categories: bright at the left, bright at the top, bright all over. */
function publicDataset(count: number): PublicDataset {
  const stream = new SeededStream('pictures');
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
  const data = Uint8Array.from({ length: count * 64 }, (_, i) => {
    const [label, x, y] = [labels[Math.floor(i / 64)]!, i % 8, Math.floor(i / 8) % 8];
    const bright = label === 0 ? x < 4 : label === 1 ? y < 4 : true;
    return (bright ? 120 : 0) + stream.integer(120);
  });
  return { name: 'pictures', classes: ['left', 'top', 'all'], images: { data, labels, count, ...shape } };
}

/** A checkpoint in memory. */
function memory(): Checkpoint {
  let kept: SavedState | undefined;
  const copied = ({ tensors, values }: SavedState): SavedState => ({
    tensors: Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tf.keep(tensor.clone())])),
    values,
  });
  return {
    load: () => Promise.resolve(kept && copied(kept)),
    save: (state) => {
      if (kept) tf.dispose(kept.tensors as Record<string, Tensor>);
      kept = copied(state());
      return Promise.resolve();
    },
  };
}

async function trained<T>(
  { checkpoint = memory(), steps = 40, signal, ...given }: { checkpoint?: Checkpoint; steps?: number; signal?: AbortSignal; classifierParts?: number }, // prettier-ignore
  look: (classifier: SemanticClassifier) => Promise<T>,
): Promise<T> {
  const owned: { dispose(): void }[] = [];
  const settings = { classifierSteps: steps, classifierBatchSize: 30, ...given };
  try {
    const classifier = await pretrainClassifier({
      facts: { shape, classes: ['a', 'b'] },
      params: parameterValues('privimage', privImage.params, 'smoke', settings),
      publicDataset: publicDataset(90),
      pretrained: trainedHere(checkpoint),
      own: (disposable) => (owned.push(disposable), disposable),
      ...(signal && { signal }),
    });
    return await look(classifier);
  } finally {
    owned.reverse().forEach((each) => each.dispose());
  }
}

const valuesOf = async ({ weights, statistics }: SemanticClassifier) => [
  ...(await weights.data()),
  ...(await statistics.data()),
];

it('learns to sort the categories, in whole batches and in parts', async () => {
  const accuracy = ({ network, weights, statistics }: SemanticClassifier) => {
    const copy = (tensor: Tensor) => tensor.clone() as Tensor1D;
    const classifier = new TrainedClassifier(network, copy(weights), copy(statistics));
    return shareRight(classifier.classes, publicDataset(90).images).finally(() => classifier.dispose());
  };
  const before = tf.memory().numTensors;
  expect(await trained({ checkpoint: noCheckpoint }, accuracy)).toBeGreaterThan(0.9); // by chance 0.33
  expect(await trained({ checkpoint: noCheckpoint, classifierParts: 4 }, accuracy)).toBeGreaterThan(0.9);
  expect(tf.memory().numTensors).toBe(before);
});

const noCheckpoint: Checkpoint = { load: () => Promise.resolve(undefined), save: () => Promise.resolve() };

it('goes on where it was stopped, to the same weights', async () => {
  const whole = await trained({ steps: 6 }, valuesOf);
  const checkpoint = memory();
  const controller = new AbortController();
  let saves = 0;
  const stopping: Checkpoint = {
    load: () => checkpoint.load(),
    save: async (state) => {
      await checkpoint.save(state);
      if (++saves === 3) controller.abort(new Error('enough'));
    },
  };
  await expect(trained({ steps: 6, checkpoint: stopping, signal: controller.signal }, valuesOf)).rejects.toThrow(
    'enough',
  );
  expect(await trained({ steps: 6, checkpoint }, valuesOf)).toEqual(whole);
});

it('is kept under what decides it', async () => {
  const taken: Pretraining[] = [];
  const owned: { dispose(): void }[] = [];
  await pretrainClassifier({
    facts: { shape, classes: ['a'] },
    params: parameterValues('privimage', privImage.params, 'smoke', { publicSeed: 5 }),
    publicDataset: publicDataset(90),
    pretrained: { take: (pretraining) => (taken.push(pretraining), Promise.resolve()) },
    own: (disposable) => (owned.push(disposable), disposable),
  });
  expect(taken[0]).toMatchObject({
    of: 'classifier of public categories',
    dataset: { name: 'pictures' },
    settings: { network: expect.stringContaining('ResNet-8') as string, publicSeed: 5, classifierSteps: 4, shape },
  });
  owned.forEach((each) => each.dispose());
});

it('ResNet-50 takes 32 x 32 x 3: grey becomes three channels, other sides the nearest pixel', async () => {
  const { network, prepare } = semanticNetwork({ classifier: 'resnet-50' }, { height: 28, width: 28, channels: 1 }, 7);
  expect([network.shape, network.classes]).toEqual([{ height: 32, width: 32, channels: 3 }, 7]);
  const rows = tf.range(0, 28).reshape([1, 28, 1, 1]).tile<Tensor4D>([1, 1, 28, 1]);
  const got = prepare(rows);
  expect(got.shape).toEqual([1, 32, 32, 3]);
  const values = await got.data();
  // torch.nn.functional.interpolate(x, 32): row i of the result is row floor(28 i / 32).
  for (let i = 0; i < 32; i++)
    for (let c = 0; c < 3; c++) expect(values[(i * 32 + 5) * 3 + c]).toBe(Math.floor((28 * i) / 32));
  const colour = tf.ones([2, 32, 32, 3]) as Tensor4D;
  expect(prepare(colour)).toBe(colour);
  tf.dispose([rows, got, colour]);
});
