/**
 * DP-FETA. Li, Gong, Li, Zhao, Hou, Wang: From Easy to Hard: Building a Shortcut for Differentially Private Image Synthesis. IEEE S&P 2025,
 * arXiv 2504.01395.
 *
 * No public images are needed: a diffusion model learns the easy part first, from central images of the classes (means, or
 * commonest values of pixels) that are released with noise for a small part of the budget, and the hard part by DP-SGD on the
 * private images, as in DPDM. Between the two its average becomes its weights, and Adam and the average begin anew.
 *
 * At laptop scale the central images are one release on all records, and their noise follows the budget: it is 8 times the noise
 * multiplier of DP-SGD. At paper scale noise, rounds and batches are the paper's.
 *
 * What the reference implementation does differently: it divides central images by the number of records that a class has in the
 * batch, while its noise is for a fixed divisor, so that small classes have too little noise and empty ones give NaN; here the
 * count of a class is released with noise beside its sum, or the divisor is fixed. It varies an image anew each time that it is
 * trained on; here there are `centralCopies` varied copies of each. For EuroSAT at epsilon 10 its file exchanges the settings of
 * the two stages, so that the first makes no step; here they are those of epsilon 1. Of DP-SGD: see `dpdm`.
 */
import { centralImages, centralOutline } from './central-images/central-images.js';
import { centralImageParameters } from './central-images/parameters.js';
import { publishedCentralImages } from './central-images/published-settings.js';
import { spendsOnCentralImages } from './central-images/query.js';
import { defineMethod } from './contract.js';
import { denoiserValues, DiffusionModel } from './diffusion/model.js';
import { diffusionParameters } from './diffusion/parameters.js';
import { publishedTrainings } from './diffusion/published-settings.js';
import { easyParameters, trainOnReleased } from './diffusion/train-on-released.js';
import { spendsOnTraining, trainPrivately } from './diffusion/train-privately.js';
import { refuseTooFew } from './pretraining/train-on-images.js';

const manyRounds = { centralRounds: 250, centralBatchSize: 12000, centralNoiseMultiplier: 10, easySteps: 10_000 };
const oneRound = { centralRounds: 1, centralBatchSize: 12000 };

export const dpFeta = defineMethod({
  id: 'dp-feta',
  title: 'DP-FETA',
  paper: {
    title: 'From Easy to Hard: Building a Shortcut for Differentially Private Image Synthesis',
    authors: 'Li, Gong, Li, Zhao, Hou, Wang',
    year: 2025,
    url: 'https://arxiv.org/abs/2504.01395',
  },
  summary: {
    idea: 'a diffusion model learns from noisy mean images of the classes first, then by DP-SGD',
    noised: 'the mean images, and each gradient of the denoiser',
    noisedValues: (params, facts) => denoiserValues(params, facts, facts.classes.length),
  },
  params: { ...diffusionParameters, ...centralImageParameters, ...easyParameters },
  published: [
    ...publishedTrainings({
      'celeba-male-64': { epochs: 50, copies: 4 },
      'celeba-male-128': { epochs: 100, copies: 4 },
      camelyon17: { epochs: 50 },
    }),
    { datasets: ['cifar-100'], params: { ...oneRound, easySteps: 4000 } },
    { datasets: ['eurosat'], params: { ...oneRound, easyBatchSize: 10 } },
    { datasets: ['celeba-male-32', 'celeba-male-64', 'celeba-male-128', 'camelyon17'], params: manyRounds },
    ...publishedCentralImages,
  ],
  samples: { smoke: 100, laptop: 4000, paper: 60000 },

  /** A record changes the central images of one class, and each sum of clipped gradients by at most clipNorm. */
  spends: (params, facts) => [spendsOnCentralImages(params, facts), spendsOnTraining(params, facts)],

  refuse({ facts, params }) {
    denoiserValues(params, facts, facts.classes.length);
    refuseTooFew(centralOutline(params, facts), 'easyBatchSize', params.easyBatchSize);
  },

  async fit(context) {
    const { mechanisms, facts, params, stream, own, onStage } = context;
    const model = own(new DiffusionModel(facts, params, facts.classes.length, stream));
    const { released, dataset } = await centralImages(mechanisms, params);
    await onStage('central images', released);
    const stage = { title: 'central images', dataset, steps: params.easySteps, batchSize: params.easyBatchSize };
    await trainOnReleased(model, stage, 'after the warm-up', context);
    return trainPrivately(model, context);
  },
});
