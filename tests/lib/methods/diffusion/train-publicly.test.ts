import { beforeAll, expect, it } from 'vitest';
import { parameterValues } from '../../../../lib/core/options.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import type { DiffusionContext } from '../../../../lib/methods/diffusion/model.js';
import { DiffusionModel } from '../../../../lib/methods/diffusion/model.js';
import { mirrored, trainPublicly } from '../../../../lib/methods/diffusion/train-publicly.js';
import { pdpDiffusion } from '../../../../lib/methods/pdp-diffusion.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';

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

it('refuses fewer public images than a batch', async () => {
  const shape = { height: 28, width: 28, channels: 1 };
  const facts = { name: 'digits', size: 100, classes: ['a', 'b'], shape };
  const params = parameterValues('pdp-diffusion', pdpDiffusion.params, 'smoke');
  const model = new DiffusionModel(facts, params, 2, new SeededStream(1));
  const images = { data: new Uint8Array(3 * 784), labels: new Uint8Array(3), count: 3, ...shape };
  const training = trainPublicly(model, { name: 'few', classes: ['a'], images }, params, {} as DiffusionContext);
  await expect(training).rejects.toThrow(
    'training on few: the public dataset has fewer images than a batch; got 3, expected publicBatchSize of at most 3, not 16.',
  );
  model.dispose();
});
