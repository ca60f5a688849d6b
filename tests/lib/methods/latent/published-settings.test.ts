import { expect, it } from 'vitest';
import { dpLdm } from '../../../../lib/methods/dp-ldm.js';
import { dpLora } from '../../../../lib/methods/dp-lora.js';
import { methodParameters } from '../../../../lib/methods/settings.js';

// Private: 150 passes in batches of 4,096 but for CelebA (100 at 32 pixels, else 50) and Camelyon17 (50). Public: 160 passes in batches of
// 1,024, at 64 pixels 80 of 512, at 128 pixels 40 of 64; a rate of 1e-6 for each image of a batch.
it.each([
  ['mnist', { steps: 150 * 15, publicSteps: 160 * 1251, publicBatchSize: 1024, publicLearningRate: 1.024e-3 }, 1250],
  ['cifar-10', { steps: 150 * 13, publicBatchSize: 1024 }, 1250],
  ['cifar-100', { steps: 150 * 13 }, 1250],
  ['eurosat', { steps: 150 * 6, batchSize: 4096 }, 1250],
  ['celeba-male-32', { steps: 100 * 40, publicBatchSize: 1024 }, 1250],
  ['celeba-male-64', { steps: 50 * 40, publicSteps: 200_160, publicBatchSize: 512, publicLearningRate: 5.12e-4 }, 625],
  ['celeba-male-128', { steps: 50 * 40, publicSteps: 800_720, publicBatchSize: 64, publicLearningRate: 6.4e-5 }, 1250],
  ['camelyon17', { steps: 50 * 74 }, 1250],
])('at paper scale on %s', (dataset, expected, rising) => {
  const occasion = { scale: 'paper', dataset, epsilon: 10 } as const;
  expect(methodParameters(dpLdm, occasion)).toMatchObject({ ...expected, copies: 1, warmUpSteps: rising });
  expect(methodParameters(dpLora, occasion)).toMatchObject({ ...expected, copies: 8, warmUpSteps: 0 });
});
