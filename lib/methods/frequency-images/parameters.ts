import { count, oneOf, positive, type Parameters, type ParameterValues } from '../../core/options.js';
import { generatorNames } from '../../nn/generators/new-generator.js';

/**
 * Parameters of images that are made by frequency features: the released embedding and the generator that is trained on it. The
 * paper scale is DPImageBench's for MNIST and F-MNIST at epsilon 10.
 */
export const frequencyParameters = {
  frequencyFeatures: count(
    { smoke: 200, laptop: 2000, paper: 10_000 },
    'random Fourier features: cosines and sines together',
  ),
  squaredLengthScale: positive(105, 'squared length scale of the Gaussian kernel that the features stand for'),
  frequencyNoise: oneOf(
    ['fixed', 'by-budget'],
    { smoke: 'fixed', laptop: 'by-budget', paper: 'fixed' },
    'by-budget: frequencyNoiseMultiplier is in units of the noise multiplier of DP-SGD',
  ),
  frequencyNoiseMultiplier: positive({ smoke: 20, laptop: 10, paper: 7.4 }, 'noise multiplier of the embedding'),
  frequencyMasses: oneOf(
    ['noisy', 'equal'],
    'noisy',
    'share of a class in the records: its own, released with the embedding, or that of all classes alike',
  ),
  generator: oneOf(
    generatorNames,
    { smoke: 'small', laptop: 'small', paper: 'big-gan' },
    'network that is trained on the embedding',
  ),
  generatorSteps: count({ smoke: 10, laptop: 600, paper: 2750 }, 'training steps of the generator'),
  generatorBatchSize: count({ smoke: 50, laptop: 200, paper: 100 }, 'generated images in a step, at least two a class'),
  generatorLearningRate: positive(0.01, 'first learning rate of its Adam'),
  generatorLearningRateDecay: positive(0.9, 'factor on that learning rate after each fifth of the steps'),
  frequencyImages: count({ smoke: 100, laptop: 2000, paper: 60_000 }, 'generated images to train the denoiser on'),
  frequencySteps: count({ smoke: 4, laptop: 300, paper: 2340 }, 'training steps on the generated images'),
  frequencyBatchSize: count({ smoke: 16, laptop: 64, paper: 256 }, 'generated images in a step of the denoiser'),
} as const satisfies Parameters;

export type FrequencyParameters = ParameterValues<typeof frequencyParameters>;
