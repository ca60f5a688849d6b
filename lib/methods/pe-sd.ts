/**
 * PE-SD: private evolution (see `pe`) with a small diffusion model of one's own in place of somebody's network, as in Gong, Li,
 * Lin, Wang: DPImageBench: A Unified Benchmark for Differentially Private Image Synthesis. CCS 2025, arXiv 2503.14681. SD is for
 * "standard diffusion".
 *
 * An EDM denoiser is trained on the public dataset, which costs nothing and takes most of the time. A random image is one of a
 * public class, which it remembers; a variation gets noise and is denoised again.
 *
 * What the reference implementation does differently: it samples from the last weights, not from their average, which it means
 * to; all of its random images are of public class 0; it takes start levels of variations from another model's schedule, so that on
 * F-MNIST they are new images altogether; and most of its configurations load the model of PE in place of this one.
 */
import { count, countOrZero, fraction } from '../core/options.js';
import { defineMethod } from './contract.js';
import { diffusion } from './private-evolution/diffusion.js';
import { spendsOnVotes } from './private-evolution/evolve.js';
import { fitEvolution, refuseEvolution } from './private-evolution/fit.js';
import { diffusionGeneratorParameters, evolutionParameters } from './private-evolution/parameters.js';

export const peSd = defineMethod({
  id: 'pe-sd',
  title: 'PE-SD',
  paper: {
    title: 'DPImageBench: A Unified Benchmark for Differentially Private Image Synthesis',
    authors: 'Gong, Li, Lin, Wang',
    year: 2025,
    url: 'https://arxiv.org/abs/2503.14681',
  },
  publicData: 'required',
  summary: {
    idea: 'as PE, with a diffusion model trained on public images as the generator',
    noised: 'the votes of each iteration',
    noisedValues: ({ imagesPerClass }, { classes }) => imagesPerClass * classes.length,
  },
  params: {
    ...evolutionParameters,
    ...diffusionGeneratorParameters,
    imagesPerClass: count({ smoke: 5, laptop: 100, paper: 6000 }, 'synthetic images of each class that are voted for'),
    iterations: count({ smoke: 4, laptop: 15, paper: 5 }, 'votes, each a release: more of them have more noise each'),
    firstDegree: fraction(0.7, 'how different variations are in the first iteration, up to 1'),
    lastDegree: fraction(
      { smoke: 0.3, laptop: 0.2, paper: 0.3 },
      'the same in the last one; in between the degree falls by equal factors',
    ),
    lookahead: countOrZero(
      { smoke: 0, laptop: 0, paper: 8 },
      'variations whose mean embedding is voted for; 0: its own',
    ),
  },
  samples: { smoke: 100, laptop: 4000, paper: 60000 },

  /** As PE: public images cost nothing. */
  spends: (params) => spendsOnVotes(params),

  refuse: (beginning) => refuseEvolution(diffusion, beginning),

  fit: (context) => fitEvolution(diffusion, context),
});
