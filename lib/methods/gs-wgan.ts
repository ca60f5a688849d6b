/**
 * GS-WGAN. Chen, Orekondy, Fritz: GS-WGAN: A Gradient-Sanitized Approach for Learning Differentially Private Generators.
 * NeurIPS 2020, arXiv 2006.08265.
 *
 * The records are divided among many critics, which are trained without noise and never released. The generator sees the
 * gradients of its images by their scores only, clipped and with noise: a record changes one critic, in any way.
 *
 * What the reference implementation does differently, and why its numbers are no epsilon:
 * - It clips the gradient of each of b images to c / b and pays for a change of 2 c / b, but a critic answers for all images at once:
 *   the change is 2 c / sqrt(b). Here the gradients of all images are clipped together, and the change is 2 c.
 * - It takes the noise of one critic in a thousand as that of Poisson sampling; here the bound is that of sampling without
 *   replacement, under replace-one, and whose turn it is to be trained is public.
 * - Every critic begins with the weights of one shard's, so that those records change all of them. Here each has its own.
 * - Its noise and its choice of critics follow from a public seed. One step more is made than is paid for.
 *
 * The laptop scale asks all critics at every step: the noise is for one of them, and the mean of 500 tells more than one of them
 * drawn in secret would. The paper scale asks one of 1,000, as the paper does.
 */
import { shardedCritics } from '../mechanisms/index.js';
import { denseCritics } from '../nn/critics/dense-critics.js';
import { spectralCritics } from '../nn/critics/spectral-critics.js';
import { newGenerator } from '../nn/generators/new-generator.js';
import { defineMethod } from './contract.js';
import { shardedGanParameters } from './sharded-gan/parameters.js';
import { averagedOverSquares, checkSquares } from './sharded-gan/squares.js';
import { trainOnSlopes } from './sharded-gan/train-on-slopes.js';
import { trainPublicly } from './sharded-gan/train-publicly.js';

const release = 'gradients of critics';

export const gsWgan = defineMethod({
  id: 'gs-wgan',
  title: 'GS-WGAN',
  paper: {
    title: 'GS-WGAN: A Gradient-Sanitized Approach for Learning Differentially Private Generators',
    authors: 'Chen, Orekondy, Fritz',
    year: 2020,
    url: 'https://arxiv.org/abs/2006.08265',
  },
  publicData: 'optional',
  summary: {
    idea: 'critics on shards of the records are trained without noise; a generator sees noisy gradients of its images by their scores',
    noised: 'the gradients of a batch of images',
    noisedValues: ({ batchSize, shrink }, { shape }) =>
      (batchSize * shape.height * shape.width * shape.channels) / shrink ** 2,
  },
  params: shardedGanParameters,
  samples: { smoke: 200, laptop: 10000, paper: 60000 },

  /** A record changes the gradients of one critic, whose norm is at most clipNorm before and after. */
  spends({ critics, answering, steps, clipNorm, shrink }, { shape }) {
    checkSquares(shape, shrink);
    return [shardedCritics({ of: release, critics, answering, steps, clipNorm })];
  },

  async fit(context) {
    const { mechanisms, facts, params, stream, own, publicDataset } = context;
    // Public labels beyond the private classes are taken by their remainder: a critic knows the private classes alone.
    const classes = facts.classes.length;
    const options = { classes, shape: facts.shape };
    const generator = own(newGenerator(params.generator, { ...options, stream: stream.fork('generator') }));
    const critics =
      params.critic === 'dense' ? denseCritics({ ...options, hidden: params.hidden }) : spectralCritics(options);
    if (publicDataset) await trainPublicly(generator, critics, publicDataset, context);
    const ask = () =>
      mechanisms.shardedCritics(release, {
        ...{ critics, loss: { penalty: params.penalty, drift: 1e-3 }, batchSize: params.criticBatchSize },
        ...{ learningRate: params.criticRate, momentum: [0.5, 0.9], stream: stream.fork('critics') },
        seen: (slopes) => averagedOverSquares(slopes, params.shrink),
      });
    return trainOnSlopes(generator, ask, context);
  },
});
