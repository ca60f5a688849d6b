/**
 * DP-LDM-SD. The rule of DP-LDM (Liu, Lyu, Vinaroz, Park: Differentially Private Latent Diffusion Models. TMLR 2024, arXiv 2305.15759)
 * on the pixel diffusion model of PDP-Diffusion, as DPImageBench (Gong et al. 2025, arXiv 2503.14681) has it.
 *
 * The denoiser is trained on public images first, which costs no budget; it is the same as PDP-Diffusion's, and runs share it. Of its
 * weights only those that say what is drawn are then trained on the private images by DP-SGD: the label table, the dense layers
 * of noise level and label, the first convolution, and the maps of attention. All else is frozen: it has no gradient and no
 * noise, so that the noise has fewer dimensions (119,648 of 1,516,897 for MNIST at paper scale).
 *
 * At laptop scale the network has no attention and has a picture for each label in its table, which is trained with it.
 *
 * What the reference implementation does differently: it chooses layers by their places in a list, which are others without labels;
 * here they are chosen by what they are for. Of public training see `pdp-diffusion`, of DP-SGD `dpdm`.
 */
import type { PublicFacts } from '../mechanisms/index.js';
import { valuesOf } from '../nn/initial-parameters.js';
import { parameterNames } from '../nn/layers/role.js';
import { unet, type Unet } from '../nn/unet/unet.js';
import { defineMethod } from './contract.js';
import { networkSize, type DiffusionParameters } from './diffusion/parameters.js';
import { eurosatInSmallBatches, publishedTrainings } from './diffusion/published-settings.js';
import { pretrainOnAllClasses, refuseDenoiser } from './diffusion/pretrain.js';
import { spendsOnTraining, trainPrivately } from './diffusion/train-privately.js';
import { pdpDiffusion } from './pdp-diffusion.js';

/** Roles of the layers that are trained privately. */
const roles = ['embedding', 'stem', 'attention'];

/** Layers that are trained privately: those in these roles, as far as the network has them. */
const tunedLayers = ({ layers }: Unet) => layers.filter(({ role }) => role !== undefined && roles.includes(role));

function tunedValues(params: DiffusionParameters, { shape, classes }: PublicFacts): number {
  return valuesOf(tunedLayers(unet({ shape, classes: classes.length, ...networkSize(params, shape) })));
}

export const dpLdmSd = defineMethod({
  id: 'dp-ldm-sd',
  title: 'DP-LDM-SD',
  paper: {
    title: 'Differentially Private Latent Diffusion Models',
    authors: 'Liu, Lyu, Vinaroz, Park',
    year: 2024,
    url: 'https://arxiv.org/abs/2305.15759',
  },
  publicData: 'required',
  summary: {
    idea: 'as PDP-Diffusion, but only attention and what tells the label are trained privately',
    noised: 'each gradient of the tuned weights',
    noisedValues: tunedValues,
  },
  params: pdpDiffusion.params,
  published: [
    ...publishedTrainings({
      'celeba-male-32': { epochs: 100 },
      'celeba-male-64': { epochs: 50, copies: 16 },
      'celeba-male-128': { epochs: 100 },
      camelyon17: { epochs: 50 },
    }),
    eurosatInSmallBatches,
  ],
  samples: { smoke: 100, laptop: 4000, paper: 60000 },

  /** As PDP-Diffusion: the norm that is clipped is that of the tuned weights alone. */
  spends: (params, facts) => [spendsOnTraining(params, facts)],

  refuse: refuseDenoiser,

  pretrain: pretrainOnAllClasses,

  async fit(context) {
    const model = await pretrainOnAllClasses(context);
    return trainPrivately(model, context, parameterNames(tunedLayers(model.network)));
  },
});
