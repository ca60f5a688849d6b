import type { PublishedSettings } from '../contract.js';
import type { PublicParameters } from '../pretraining/public-parameters.js';
import type { DiffusionParameters } from './parameters.js';

/**
 * Batches in a pass through the whole training set, in batches of 4,096: of 60,000 records, 50,000, 23,000, 162,770 and 302,436. An
 * epoch is a whole number of batches; with records held out there are fewer, as in the reference's own runs (14 for MNIST).
 */
export const batchesIn = {
  ...{ mnist: 15, 'fashion-mnist': 15, 'cifar-10': 13, 'cifar-100': 13, eurosat: 6 },
  ...{ 'celeba-male-32': 40, 'celeba-male-64': 40, 'celeba-male-128': 40, camelyon17: 74 },
} as const;

export type PublishedDataset = keyof typeof batchesIn;

const all = Object.keys(batchesIn) as PublishedDataset[];
const colour = all.filter((name) => !name.endsWith('mnist'));

/** Passes through the training set, and copies of each record, where they are not 150 and 32. */
interface Training {
  readonly epochs?: number;
  readonly copies?: number;
}

/**
 * What DPImageBench's configuration files set for the pixel diffusion methods otherwise than for MNIST: passes (150 where nothing is
 * said), copies, and how images are drawn.
 *
 * @param trainings what differs by dataset.
 */
export function publishedTrainings(
  trainings: Partial<Record<PublishedDataset, Training>>,
): PublishedSettings<DiffusionParameters>[] {
  const rows = all.map((dataset) => {
    const { epochs = 150, copies = 32 } = trainings[dataset] ?? {};
    return { datasets: [dataset], params: { steps: epochs * batchesIn[dataset], copies } };
  });
  return [
    ...rows,
    { datasets: colour, params: { sampler: 'ddim', samplerSteps: 250 } },
    { datasets: ['mnist'], epsilon: 1, params: { churnFrom: 0.1 } },
    { datasets: ['eurosat'], params: { sampler: 'heun', samplerSteps: 250, churnFrom: 0.1 } },
  ];
}

/** What the files of three methods set for EuroSAT at epsilon 10: batches of half the size. */
export const eurosatInSmallBatches: PublishedSettings<DiffusionParameters> = {
  ...{ datasets: ['eurosat'], epsilon: 10, params: { batchSize: 2048, steps: 150 * 12 } },
};

/** The same for training on public images first: 40 passes in batches of 64 for the largest images, 160 in 1,024 else. */
export const publishedPublicTrainings: readonly PublishedSettings<PublicParameters>[] = [
  { datasets: ['celeba-male-128'], params: { publicSteps: 800_720, publicBatchSize: 64 } },
];
