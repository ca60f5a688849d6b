/**
 * PrivImage. Li, Gong, Li, Zhao, Hou, Wang: PrivImage: Differentially Private Synthetic Image Generation using Diffusion Models with
 * Semantic-Aware Pretraining. USENIX Security 2024, arXiv 2311.12850; its variant with a diffusion model, "PrivImage+D".
 *
 * A classifier of public images tells of each private image which public categories it looks like most. How often each category is
 * among the likeliest of a class is released with noise, for a sliver of the budget. The diffusion model is trained on the
 * public images of the categories that each class has chosen, relabelled with that class, and then on the private images by
 * DP-SGD as in DPDM. No category is of two classes, so that the public dataset needs `categoriesEach` categories for each. Runs
 * share the classifier; the diffusion model is the run's own, since its categories are a release.
 *
 * What the reference implementation does differently: a file with an earlier selection takes the place of the question, which is
 * then not charged; here it is charged in every run, and a resumed run reads what it had released. The noise of the counts follows
 * from a public seed. The first classes take their categories first, as in the paper; here this is the rule at paper scale, else
 * categories go where their noisy count is largest. Of the classifier see `pretrainClassifier`, of DP-SGD `dpdm`.
 */
import { count } from '../core/options.js';
import { defineMethod } from './contract.js';
import { denoiserValues } from './diffusion/model.js';
import { diffusionParameters } from './diffusion/parameters.js';
import { publishedTrainings } from './diffusion/published-settings.js';
import { pretrainDenoiser, refuseDenoiser } from './diffusion/pretrain.js';
import { spendsOnTraining, trainPrivately } from './diffusion/train-privately.js';
import { publicParameters } from './pretraining/public-parameters.js';
import { trainedHere } from './pretraining/trained-here.js';
import { semanticParameters } from './semantic-query/parameters.js';
import { pretrainClassifier } from './semantic-query/pretrain-classifier.js';
import { askCategories, spendsOnCategories } from './semantic-query/query.js';
import { checkCategories, chosenImages, selectCategories, someOfEach } from './semantic-query/selection.js';

/** Public images that are shown of each class. */
const shownEach = 8;

/** With two classes 5 % of the categories are 25 for each. */
const twoClasses = { categoriesEach: 25, queryNoiseMultiplier: 500 };

export const privImage = defineMethod({
  id: 'privimage',
  title: 'PrivImage',
  paper: {
    title:
      'PrivImage: Differentially Private Synthetic Image Generation using Diffusion Models with Semantic-Aware Pretraining',
    authors: 'Li, Gong, Li, Zhao, Hou, Wang',
    year: 2024,
    url: 'https://arxiv.org/abs/2311.12850',
  },
  publicData: 'required',
  summary: {
    idea: 'as PDP-Diffusion, but on the public images that look like the private ones',
    noised: 'counts of public categories, and each gradient of the denoiser',
    noisedValues: (params, facts) => denoiserValues(params, facts, facts.classes.length),
  },
  params: {
    ...diffusionParameters,
    ...publicParameters,
    ...semanticParameters,
    publicSteps: count({ smoke: 4, laptop: 1000, paper: 198_400 }, 'training steps on the chosen public images'),
    steps: count({ smoke: 4, laptop: 400, paper: 2250 }, 'private training steps, one batch each'),
  },
  published: [
    ...publishedTrainings({
      'celeba-male-32': { epochs: 100 },
      'celeba-male-64': { epochs: 100, copies: 16 },
      'celeba-male-128': { epochs: 50, copies: 4 },
      camelyon17: { epochs: 50 },
    }),
    { datasets: ['eurosat'], params: { sampler: 'ddim' } },
    { datasets: ['cifar-100'], params: { categoriesEach: 1, publicSteps: 200_000 } },
    { datasets: ['celeba-male-32', 'celeba-male-64', 'celeba-male-128', 'camelyon17'], params: twoClasses },
    { datasets: ['celeba-male-128'], params: { publicSteps: 800_000, publicBatchSize: 64 } },
  ],
  samples: { smoke: 100, laptop: 4000, paper: 60000 },

  /** A record counts in some bins of one class, and changes each sum of clipped gradients by at most clipNorm. */
  spends: (params, facts) => [spendsOnCategories(params), spendsOnTraining(params, facts)],

  refuse(beginning) {
    refuseDenoiser(beginning);
    checkCategories(beginning.publicDataset!, beginning.params, beginning.facts);
  },

  pretrain: pretrainClassifier,

  async fit(context) {
    const { mechanisms, facts, params, stream, onStage } = context;
    const publicDataset = context.publicDataset!;
    const classifier = await pretrainClassifier(context);
    const { value: counts } = await askCategories(classifier, mechanisms, params);
    const { selection, categoriesEach: each } = params;
    const chosen = selectCategories(counts, { classes: facts.classes.length, each, selection });
    const dataset = chosenImages(publicDataset, chosen, facts);
    await onStage('public images chosen for each class', someOfEach(dataset, shownEach, stream.fork('shown')));
    // Which images they are was released by this run: a model that others find would tell them of it, and they have not paid for it.
    const own = { ...context, pretrained: trainedHere(context.checkpoint) };
    return trainPrivately(await pretrainDenoiser(dataset, facts.classes.length, own), context);
  },
});
