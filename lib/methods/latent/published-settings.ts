import type { PublishedSettings } from '../contract.js';
import { batchesIn, type PublishedDataset } from '../diffusion/published-settings.js';
import type { LatentParameters } from './parameters.js';

const all = Object.keys(batchesIn) as PublishedDataset[];

/** Passes through the training set, where they are not 150. */
const epochs: Partial<Record<PublishedDataset, number>> = {
  ...{ 'celeba-male-32': 100, 'celeba-male-64': 50, 'celeba-male-128': 50, camelyon17: 50 },
};

/**
 * What DPImageBench's configuration files set for DP-LDM and DP-LoRA otherwise than for MNIST: private passes, and public ones through
 * the 1,281,167 images of ImageNet (80 in batches of 512, 40 in batches of 64), whose learning rate is a millionth of the batch.
 */
export const publishedLatents: readonly PublishedSettings<LatentParameters>[] = [
  ...all.map((dataset) => ({
    datasets: [dataset],
    params: { steps: (epochs[dataset] ?? 150) * batchesIn[dataset] },
  })),
  {
    datasets: ['celeba-male-64'],
    params: { publicSteps: 80 * 2502, publicBatchSize: 512, publicLearningRate: 5.12e-4 },
  },
  {
    datasets: ['celeba-male-128'],
    params: { publicSteps: 40 * 20_018, publicBatchSize: 64, publicLearningRate: 6.4e-5 },
  },
];
