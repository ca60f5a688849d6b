/**
 * PDP-Diffusion. Ghalebikesabi, Berrada, Gowal, Ktena, Stanforth, Hayes, De, Smith, Wiles, Balle: Differentially Private
 * Diffusion Models Generate Useful Synthetic Images. 2023, arXiv 2302.13861.
 *
 * The denoiser of DPDM is trained on public images first, which costs no budget; all of its weights are then trained on the
 * private ones by DP-SGD, from the average of the public weights. Its label table has a row for each public or private class,
 * whichever are more, and one for "no label"; private class c begins with the row of public class c.
 *
 * What the reference implementation does differently: see `dpdm`. During public training it puts the dropped label in the row
 * of a genuine public class, so that the row for "no label" is never trained; here both stages use that row.
 */
import { count } from '../core/options.js';
import { defineMethod } from './contract.js';
import { denoiserValues } from './diffusion/model.js';
import { diffusionParameters } from './diffusion/parameters.js';
import { eurosatInSmallBatches, publishedPublicTrainings, publishedTrainings } from './diffusion/published-settings.js';
import { pretrainOnAllClasses, refuseDenoiser } from './diffusion/pretrain.js';
import { spendsOnTraining, trainPrivately } from './diffusion/train-privately.js';
import { publicParameters } from './pretraining/public-parameters.js';

export const pdpDiffusion = defineMethod({
  id: 'pdp-diffusion',
  title: 'PDP-Diffusion',
  paper: {
    title: 'Differentially Private Diffusion Models Generate Useful Synthetic Images',
    authors: 'Ghalebikesabi, Berrada, Gowal, Ktena, Stanforth, Hayes, De, Smith, Wiles, Balle',
    year: 2023,
    url: 'https://arxiv.org/abs/2302.13861',
  },
  publicData: 'required',
  summary: {
    idea: 'as DPDM, after training on public images',
    noised: 'each gradient of the denoiser',
    noisedValues: (params, facts) => denoiserValues(params, facts, facts.classes.length),
  },
  params: {
    ...diffusionParameters,
    ...publicParameters,
    steps: count({ smoke: 4, laptop: 400, paper: 2250 }, 'private training steps, one batch each'),
  },
  published: [
    ...publishedTrainings({
      'celeba-male-32': { epochs: 100 },
      'celeba-male-64': { epochs: 50, copies: 16 },
      'celeba-male-128': { epochs: 50, copies: 4 },
      camelyon17: { epochs: 50 },
    }),
    eurosatInSmallBatches,
    ...publishedPublicTrainings,
  ],
  samples: { smoke: 100, laptop: 4000, paper: 60000 },

  /** As DPDM: public images cost nothing. */
  spends: (params, facts) => [spendsOnTraining(params, facts)],

  refuse: refuseDenoiser,

  pretrain: pretrainOnAllClasses,

  async fit(context) {
    return trainPrivately(await pretrainOnAllClasses(context), context);
  },
});
