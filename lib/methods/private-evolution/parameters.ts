import { count, countOrZero, fraction, notNegative, oneOf, type ParameterValues } from '../../core/options.js';
import { diffusionParameters } from '../diffusion/parameters.js';
import { publicParameters } from '../pretraining/public-parameters.js';

/** What private evolution has whatever its generator. */
export const evolutionParameters = {
  imagesPerClass: count({ smoke: 10, laptop: 200, paper: 6000 }, 'synthetic images of each class that are voted for'),
  iterations: count({ smoke: 4, laptop: 30, paper: 11 }, 'votes, each a release: more of them have more noise each'),
  firstDegree: fraction(0.8, 'how different variations are in the first iteration, up to 1'),
  lastDegree: fraction(
    { smoke: 0.2, laptop: 0.07, paper: 0.1 },
    'the same in the last one; in between the degree falls by equal factors',
  ),
  lookahead: countOrZero(
    { smoke: 1, laptop: 2, paper: 8 },
    'variations of an image whose mean embedding is voted for; 0: its own',
  ),
  votesPerRecord: count(1, 'nearest images that a record votes for'),
  threshold: notNegative(2, 'votes that do not count, in standard deviations of the noise'),
} as const;

export type EvolutionParameters = ParameterValues<typeof evolutionParameters>;

const { network, dropLabel, medianNoise, precision, samplerBatch } = diffusionParameters;

/** What the generator `diffusion` takes. */
export const diffusionGeneratorParameters = {
  ...{ network, dropLabel, medianNoise, precision },
  ...publicParameters,
  sampler: oneOf(['heun', 'ddim'], 'ddim', 'how images are drawn'),
  samplerSteps: count({ smoke: 3, laptop: 20, paper: 100 }, 'noise levels that the sampler walks down'),
  samplerBatch,
  guidance: notNegative(0, 'weight of classifier-free guidance, which holds variations to their public class'),
} as const;

export type DiffusionGeneratorParameters = ParameterValues<typeof diffusionGeneratorParameters>;
