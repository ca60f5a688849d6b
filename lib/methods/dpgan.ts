/**
 * DPGAN. Xie, Lin, Wang, Wang, Zhou: Differentially Private Generative Adversarial Network. 2018, arXiv 1802.06739; with the
 * recipe of Bie, Kamath, Zhang: Private GANs, Revisited. TMLR 2023, arXiv 2302.02936: hinge loss, large batches, several steps
 * of the critic for one of the generator.
 *
 * The critic, which sees the records, is trained by DP-SGD; the generator sees the critic alone, so that its steps are
 * post-processing, however many images they use. A record's loss has two halves, on itself and on the generated image that it
 * is compared with; they are clipped together. Images are drawn from the average of the generator's weights.
 *
 * What the reference implementation does differently: its noise and its Poisson coins follow from a public seed; here they
 * come from a secure stream. It computes FID against private images while it trains, at no cost in its account. It generates
 * the images for the critic's step by running averages of the statistics of batches, and draws images from average weights by
 * statistics of the last ones; here fakes are normalised as in the generator's own step, by batches of a fixed size,
 * and the statistics that images are drawn by are those of the average weights. Its labels of generated images are drawn by
 * chance; here each class comes equally often.
 */
import { OptionError } from '../core/errors.js';
import { newCritic } from '../nn/critics/new-critic.js';
import { valuesOf } from '../nn/initial-parameters.js';
import { defineMethod } from './contract.js';
import { Gan } from './gan/gan.js';
import { ganParameters } from './gan/parameters.js';
import { spendsOnCritic, trainPrivately } from './gan/train-privately.js';
import { trainPublicly } from './gan/train-publicly.js';
import { refuseTooFew } from './pretraining/train-on-images.js';

export const dpgan = defineMethod({
  id: 'dpgan',
  title: 'DPGAN',
  paper: {
    title: 'Differentially Private Generative Adversarial Network',
    authors: 'Xie, Lin, Wang, Wang, Zhou',
    year: 2018,
    url: 'https://arxiv.org/abs/1802.06739',
  },
  publicData: 'optional',
  summary: {
    idea: 'a critic of images is trained by DP-SGD, and a generator against it',
    noised: 'each gradient of the critic',
    noisedValues: ({ critic }, { shape, classes }) =>
      valuesOf(newCritic(critic, { shape, classes: classes.length }).layers),
  },
  params: ganParameters,
  samples: { smoke: 200, laptop: 10000, paper: 60000 },

  /** One record changes the sum of clipped gradients by at most clipNorm: both halves of its loss are clipped together. */
  spends: (params, facts) => [spendsOnCritic(params, facts)],

  refuse({ params, publicDataset }) {
    if (publicDataset) refuseTooFew(publicDataset, 'publicBatchSize', params.publicBatchSize);
  },

  async fit(context) {
    const { facts, params, stream, own, publicDataset } = context;
    if (params.momentum >= 1)
      throw new OptionError({
        asked: 'dpgan',
        wrong: 'momentum is out of range',
        got: params.momentum,
        expected: 'a number of at least 0 and below 1',
      });
    const classes = Math.max(facts.classes.length, publicDataset?.classes.length ?? 0);
    const gan = own(new Gan(facts, params, classes, stream));
    if (publicDataset) await trainPublicly(gan, publicDataset, context);
    return trainPrivately(gan, context);
  },
});
