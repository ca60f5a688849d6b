import { count, decay, oneOf, positive, share, type ParameterValues } from '../../core/options.js';
import { criticNames } from '../../nn/critics/new-critic.js';
import { generatorNames } from '../../nn/generators/new-generator.js';

/**
 * What DPGAN is trained with. The paper scale is DPImageBench's for MNIST and F-MNIST: 150 passes over 60,000 records in
 * batches of 4,096. The laptop scale is ours: small networks, and a critic step for each generator step, so that 4 minutes of
 * two cores are enough. On MNIST it reaches 91.2 % at epsilon 10 and 79.9 % at epsilon 1 (mean of four classifiers; FID of digit
 * features 4.5 and 7.2; one seed). More steps of fewer records suit large epsilons: 1,000 of 1,024 reach 92.2 % and 73.5 % (2.1 and
 * 8.9).
 */
export const ganParameters = {
  generator: oneOf(
    generatorNames,
    { smoke: 'small', laptop: 'small', paper: 'big-gan-96' },
    'network that makes images; DPImageBench has big-gan-60 for CIFAR-10, CIFAR-100, CelebA and Camelyon',
  ),
  critic: oneOf(
    criticNames,
    { smoke: 'small', laptop: 'small', paper: 'projection' },
    'network that tells real images from made ones; the one that is trained privately',
  ),
  latentSize: count({ smoke: 5, laptop: 20, paper: 60 }, 'random numbers that the small generator makes an image from'),
  batchSize: count({ smoke: 64, laptop: 2048, paper: 4096 }, 'expected records in a Poisson batch'),
  steps: count({ smoke: 12, laptop: 600, paper: 2250 }, 'private training steps of the critic, one batch each'),
  criticSteps: count({ smoke: 2, laptop: 1, paper: 5 }, 'steps of the critic for each step of the generator'),
  clipNorm: positive({ smoke: 1, laptop: 1, paper: 1e-3 }, 'bound on the norm of a record’s gradient'),
  criticRate: positive({ smoke: 2e-3, laptop: 2e-3, paper: 5e-4 }, 'learning rate of the critic’s Adam'),
  generatorRate: positive({ smoke: 2e-3, laptop: 2e-3, paper: 2e-4 }, 'learning rate of the generator’s Adam'),
  momentum: decay(0, 'beta1 of both'),
  decayedPart: share({ smoke: 0, laptop: 0.5, paper: 0 }, 'last part of the steps, over which the rates fall to 0'),
  emaRate: decay({ smoke: 0.9, laptop: 0.99, paper: 0.999 }, 'largest decay of the average that is sampled from'),
  fakes: count({ smoke: 40, laptop: 256, paper: 4096 }, 'generated images that records are compared with, by chance'),
  generatorBatch: count({ smoke: 40, laptop: 256, paper: 4096 }, 'generated images in a step of the generator'),
  generatorPart: count({ smoke: 40, laptop: 256, paper: 128 }, 'images generated at a time, which share statistics'),
  microBatch: count({ smoke: 32, laptop: 256, paper: 16 }, 'records worked on at a time: memory only'),
  precision: oneOf(['float32', 'bfloat16'], 'float32', 'of convolutions and products; sums and norms are float32'),
  publicSteps: count(
    { smoke: 6, laptop: 600, paper: 200160 },
    'steps of the critic on public images, if there are any',
  ),
  publicBatchSize: count({ smoke: 16, laptop: 256, paper: 1024 }, 'public images in a step'),
} as const;

export type GanParameters = ParameterValues<typeof ganParameters>;
