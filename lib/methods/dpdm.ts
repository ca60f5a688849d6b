/**
 * DPDM. Dockhorn, Cao, Vahdat, Kreis: Differentially Private Diffusion Models. TMLR 2023, arXiv 2210.09929.
 *
 * A small EDM denoiser is trained from scratch by DP-SGD; each record of a batch is used with several noise levels and noises
 * at once ("noise multiplicity"), which lowers the variance of its gradient at no cost of privacy, because the copies are
 * averaged before the record's gradient is clipped. Images are drawn from the average of the weights.
 *
 * What the reference implementation does differently: its noise and its Poisson coins follow from a public seed; here they
 * come from a secure stream. It divides by the integer part of the expected batch; here by the expected batch itself. Its
 * number of steps loses one to rounding for some N.
 */
import { defineMethod } from './contract.js';
import { denoiserValues, DiffusionModel } from './diffusion/model.js';
import { diffusionParameters } from './diffusion/parameters.js';
import { eurosatInSmallBatches, publishedTrainings } from './diffusion/published-settings.js';
import { spendsOnTraining, trainPrivately } from './diffusion/train-privately.js';

export const dpdm = defineMethod({
  id: 'dpdm',
  title: 'DPDM',
  paper: {
    title: 'Differentially Private Diffusion Models',
    authors: 'Dockhorn, Cao, Vahdat, Kreis',
    year: 2023,
    url: 'https://arxiv.org/abs/2210.09929',
  },
  summary: {
    idea: 'a diffusion model is trained by DP-SGD',
    noised: 'each gradient of the denoiser',
    noisedValues: (params, facts) => denoiserValues(params, facts, facts.classes.length),
  },
  params: diffusionParameters,
  published: [
    ...publishedTrainings({
      'celeba-male-64': { epochs: 100, copies: 4 },
      'celeba-male-128': { epochs: 100, copies: 4 },
      camelyon17: { epochs: 50 },
    }),
    eurosatInSmallBatches,
  ],
  samples: { smoke: 100, laptop: 4000, paper: 60000 },

  /** One record changes the sum of clipped gradients by at most clipNorm, whatever its copies. */
  spends: (params, facts) => [spendsOnTraining(params, facts)],

  async fit(context) {
    const { facts, params, stream, own } = context;
    return trainPrivately(own(new DiffusionModel(facts, params, facts.classes.length, stream)), context);
  },
});
