import { beforeAll, expect, it } from 'vitest';
import { parameterValues } from '../../../../lib/core/options.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import type { Checkpoint, SavedState } from '../../../../lib/methods/contract.js';
import { publicParameters } from '../../../../lib/methods/pretraining/public-parameters.js';
import { mirrored, trainOnImages } from '../../../../lib/methods/pretraining/train-on-images.js';
import { constant } from '../../../../lib/nn/parameters.js';
import { setupEngine, tf, type Tensor, type Tensor2D } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

it('mirrors each image from left to right or not at all, about half of them', async () => {
  const rows = Array.from({ length: 100 }, (_, i) => [i, i + 0.25, i + 0.5, i + 0.75]).flat(); // 2 x 2 pixels each
  const images = tf.tensor4d(rows, [100, 2, 2, 1]);
  const got = mirrored(images, new SeededStream(1));
  const values = await got.data();
  let turned = 0;
  for (let i = 0; i < 100; i++) {
    const image = [...values.subarray(4 * i, 4 * i + 4)];
    if (image[0] === i) expect(image).toEqual([i, i + 0.25, i + 0.5, i + 0.75]);
    else expect(image).toEqual([i + 0.25, i, i + 0.75, i + 0.5]);
    turned += Number(image[0] !== i);
  }
  expect(Math.abs(turned - 50)).toBeLessThan(20); // four deviations
  tf.dispose([images, got]);
});

const shape = { height: 2, width: 2, channels: 1 };
const params = parameterValues('x', publicParameters, 'smoke');

/** Dark images of class 0 and bright ones of class 1. */
const shades = (count: number) => ({
  ...{ name: 'shades', classes: ['dark', 'bright'] },
  images: {
    ...{ count, ...shape },
    labels: Uint8Array.from({ length: count }, (_, i) => i % 2),
    data: Uint8Array.from({ length: 4 * count }, (_, i) => (Math.floor(i / 4) % 2 === 0 ? 51 : 204)),
  },
});

/** Keeps everything, at every step. */
function memory(): Checkpoint & { saved: SavedState | undefined } {
  return {
    saved: undefined,
    load() {
      const { tensors, values } = this.saved ?? {};
      if (!tensors) return Promise.resolve(undefined);
      const copies = Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()] as const);
      return Promise.resolve({ tensors: Object.fromEntries(copies), values: values! });
    },
    save(state) {
      const { tensors, values } = state();
      tf.dispose(this.saved?.tensors as Record<string, Tensor>);
      const copies = Object.entries(tensors).map(([name, tensor]) => [name, tf.keep(tensor.clone())] as const);
      this.saved = { tensors: Object.fromEntries(copies), values };
      return Promise.resolve();
    },
  };
}

/** Learns the shade of each class, times a frozen factor. */
async function learn(stage: string, checkpoint: Checkpoint, { steps = 200, abortAt = Infinity, count = 40 } = {}) {
  const owned: { dispose(): void }[] = [];
  const controller = new AbortController();
  let step = 0;
  const parameters = { shade: constant([2, 1], 0) };
  const frozen = { factor: constant([], 2) };
  try {
    const trained = await trainOnImages({
      ...{ stage, parameters, frozen, dataset: shades(count), checkpoint, signal: controller.signal },
      params: { ...params, publicSteps: steps, publicLearningRate: 0.05, publicEmaRate: 0.5 },
      own: (disposable) => (owned.push(disposable), disposable),
      draws: () => {
        if (++step === abortAt) controller.abort(new Error('enough'));
        return [];
      },
      loss: ({ shade, factor }, images, labels) =>
        images
          .reshape([-1, 4])
          .mean(1, true)
          .sub(labels.matMul(shade as Tensor2D).mul(factor!))
          .square()
          .mean(),
    });
    return { trained, shade: [...(await parameters.shade.data())], factor: (await frozen.factor.data())[0], step };
  } finally {
    tf.dispose([parameters.shade, frozen.factor]);
    for (const each of owned) each.dispose();
  }
}

it('learns from images and labels, and leaves frozen weights as they are', async () => {
  const before = tf.memory().numTensors;
  const nothing: Checkpoint = { load: () => Promise.resolve(undefined), save: () => Promise.resolve() };
  const { trained, shade, factor } = await learn('public', nothing);
  expect(trained).toBe(true);
  expect(shade[0]).toBeCloseTo(51 / 255 / 2, 2);
  expect(shade[1]).toBeCloseTo(204 / 255 / 2, 2);
  expect(factor).toBe(2);
  expect(tf.memory().numTensors).toBe(before);
});

it('goes on where it was stopped, stage by stage, and says when a run is past a stage', async () => {
  const whole = memory();
  await learn('first', whole, { steps: 6 });
  const undisturbed = await learn('second', whole, { steps: 6 });

  // The second stage begins at its beginning though the first one was the last to save; then it is stopped in its middle.
  const stopped = memory();
  await learn('first', stopped, { steps: 6 });
  await expect(learn('second', stopped, { steps: 6, abortAt: 4 })).rejects.toThrow('enough');
  const later = { ...stopped }; // another process: nothing was passed there
  expect((await learn('first', later, { steps: 6 })).trained).toBe(false);
  const resumed = await learn('second', later, { steps: 6 });
  expect(resumed.step).toBeLessThan(6);
  expect(resumed.shade).toEqual(undisturbed.shade);
  expect(undisturbed.step).toBe(6);
  tf.dispose([whole.saved!.tensors, later.saved!.tensors] as unknown as Tensor[]);
});

it('refuses fewer public images than a batch', async () => {
  const nothing: Checkpoint = { load: () => Promise.resolve(undefined), save: () => Promise.resolve() };
  await expect(learn('public', nothing, { count: 3 })).rejects.toThrow(
    'training on shades: the dataset has fewer images than a batch; got 3, expected publicBatchSize of at most 3, not 16.',
  );
});
