/**
 * DP-LDM. Liu, Lyu, Vinaroz, Park: Differentially Private Latent Diffusion Models. TMLR 2024, arXiv 2305.15759.
 *
 * An autoencoder and a diffusion model of its latents are trained on public images, which costs no budget. Of the diffusion model only
 * the transformers (at 32 pixels and more those of the decoding side only) and the tokens of the classes are then trained on the
 * private images by DP-SGD, so that the noise has fewer dimensions. Each record is encoded inside its own loss.
 *
 * What the reference implementation does differently: it keeps a token for 1,001 classes, of which those that no record has see
 * nothing but noise; here there is one for each private class. It draws the public tokens once and trains them never; here
 * they are trained with the rest. It sees latents of whatever size; here each channel has deviation 1. Its attention has other heads
 * in private training than in public training; here they are the same. It mostly leaves out the last batch of an epoch, and divides by
 * another number than the expected batch, which Adam hides. Its learning rate rises over 10,000 parts of batches; here
 * over as many steps as those are. See `reconstructionLoss` for what the autoencoder's training leaves out.
 */
import { defineMethod } from './contract.js';
import { tunedValues } from './latent/model.js';
import { latentParameters } from './latent/parameters.js';
import { pretrainLatents, refuseLatents } from './latent/pretrain.js';
import { publishedLatents } from './latent/published-settings.js';
import { fitLatents, spendsOnTuning } from './latent/train-privately.js';

const tuning = { roles: ['transformer', 'class'], rank: 0 };

export const dpLdm = defineMethod({
  id: 'dp-ldm',
  title: 'DP-LDM',
  paper: {
    title: 'Differentially Private Latent Diffusion Models',
    authors: 'Liu, Lyu, Vinaroz, Park',
    year: 2024,
    url: 'https://arxiv.org/abs/2305.15759',
  },
  publicData: 'required',
  summary: {
    idea: 'the transformers of a public latent diffusion model are trained by DP-SGD',
    noised: 'each gradient of the transformers',
    noisedValues: (params, facts) => tunedValues(params, facts, tuning),
  },
  params: latentParameters,
  published: [
    ...publishedLatents,
    // 10,000 parts of batches, of which a batch has 16 there and 8 else.
    { datasets: ['celeba-male-64'], params: { warmUpSteps: 625 } },
  ],
  samples: { smoke: 100, laptop: 2000, paper: 60000 },

  /** One record changes the sum of clipped gradients by at most clipNorm: public images cost nothing. */
  spends: (params, facts) => [spendsOnTuning(params, facts)],

  refuse: refuseLatents,

  pretrain: pretrainLatents,

  fit: (context) => fitLatents(context, tuning),
});
