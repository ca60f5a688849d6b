/**
 * DP-LoRA. Tsai, Li, Chen, Chen, Yu, Ren, Buet-Golfouse: Differentially Private Fine-Tuning of Diffusion Models. ICCV 2025, arXiv 2406.01355.
 *
 * As DP-LDM, but the transformers stay as they are, and the maps to queries, keys and values of all of them get adapters of low rank,
 * which are trained by DP-SGD together with the tokens of the classes: at 28 pixels a twentieth of DP-LDM's values. A record is used
 * with several latents, times and noises at once, over which its loss is averaged before its gradient is clipped.
 *
 * What the reference implementation does differently: it takes each of the 8 copies of a record for a record, clips each and adds
 * them up, so that one record moves the sum by up to 8 times the clip norm that its noise is for; at the noise of a published run
 * (MNIST, epsilon 10) that is epsilon 1,500. Here the copies are averaged first, and a record moves the sum by the
 * clip norm at most. It drops the autoencoder's attention at 28 pixels when it loads it. Otherwise see `dp-ldm`.
 */
import { count, notNegative, oneOf } from '../core/options.js';
import { defineMethod } from './contract.js';
import { tunedValues } from './latent/model.js';
import { latentParameters } from './latent/parameters.js';
import { pretrainLatents, refuseLatents } from './latent/pretrain.js';
import { publishedLatents } from './latent/published-settings.js';
import { fitLatents, spendsOnTuning } from './latent/train-privately.js';

const tuning = ({ rank }: { readonly rank: number }) => ({ roles: ['adapter', 'class'], rank });

export const dpLora = defineMethod({
  id: 'dp-lora',
  title: 'DP-LoRA',
  paper: {
    title: 'Differentially Private Fine-Tuning of Diffusion Models',
    authors: 'Tsai, Li, Chen, Chen, Yu, Ren, Buet-Golfouse',
    year: 2025,
    url: 'https://arxiv.org/abs/2406.01355',
  },
  publicData: 'required',
  summary: {
    idea: 'low-rank adapters of a public latent diffusion model are trained by DP-SGD',
    noised: 'each gradient of the adapters',
    noisedValues: (params, facts) => tunedValues(params, facts, tuning(params)),
  },
  params: {
    ...latentParameters,
    rank: count({ smoke: 2, laptop: 4, paper: 8 }, 'rank of the adapters'),
    copies: count(
      { smoke: 2, laptop: 2, paper: 8 },
      'latents, times and noises of each record, averaged before clipping',
    ),
    warmUpSteps: notNegative({ smoke: 0, laptop: 10, paper: 0 }, 'steps over which the rate rises to its value'),
    tokens: oneOf(
      ['public', 'new'],
      { smoke: 'public', laptop: 'public', paper: 'new' },
      'what private class c begins with: the token of public class c, or a random one',
    ),
  },
  published: publishedLatents,
  samples: { smoke: 100, laptop: 2000, paper: 60000 },

  /** One record changes the sum of clipped gradients by at most clipNorm, whatever its copies. */
  spends: (params, facts) => [spendsOnTuning(params, facts)],

  refuse: refuseLatents,

  pretrain: pretrainLatents,

  fit: (context) => fitLatents(context, tuning(context.params)),
});
