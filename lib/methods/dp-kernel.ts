/**
 * DP-Kernel. Jiang, Sun, Yu: Functional Rényi Differential Privacy for Generative Modeling. NeurIPS 2023.
 *
 * In each step a minibatch of the private data is embedded by Gaussian kernels of several bandwidths, its mean embedding gets
 * noise, and a generator is trained towards it; the steps compose by the subsampled accountant.
 *
 * What the reference implementation does differently: it is not private. It adds noise to the value of the loss, of which only
 * the gradient is used, so that the gradient of the private batch is released as it is; it draws labels from that batch, scales
 * the variance where the deviation was meant, halves the sensitivity, and goes on without noise when a covariance has no
 * Cholesky factor. Here the mean element is a vector, by random features (Rahimi and Recht 2007) instead of a function;
 * every step's vector is released with Gaussian noise, on a Poisson sample; the generator is trained on what was released, with
 * labels of its own, and no private row is in reach. The released vectors are used by their average: the squared distances to
 * all of them and that to their average have the same gradient.
 *
 * Bandwidths are in the paper's unit, images in [-1, 1]. The laptop scale leaves out those below 8, for which no two different
 * images of 28 x 28 pixels are alike, and takes few large minibatches: they cost least for as many records. The optimizer
 * is Adam where the reference has RMSprop. The noise of the 200,002 releases of the paper scale alone takes hours to draw.
 */
import { count, positive } from '../core/options.js';
import { gaussianOnSamples } from '../mechanisms/index.js';
import type { Tensor2D, Tensor4D } from '../tensor/index.js';
import { defineMethod } from './contract.js';
import { drawBandwidths } from './embedding/fourier-bandwidths.js';
import { fourierFeatures } from './embedding/fourier-features.js';
import type { Embedding } from './embedding/embedding.js';
import { embeddingParameters, matchEmbedding } from './embedding/match-embedding.js';

const release = 'label-wise mean elements of minibatches';

export const dpKernel = defineMethod({
  id: 'dp-kernel',
  title: 'DP-Kernel',
  paper: {
    title: 'Functional Rényi Differential Privacy for Generative Modeling',
    authors: 'Jiang, Sun, Yu',
    year: 2023,
    url: 'https://openreview.net/forum?id=GzlDKZlwie',
  },
  publicData: 'optional',
  summary: {
    idea: 'as DP-MERF on minibatches, for kernels of several widths; the generator is trained on the average of the releases',
    noised: 'the mean embedding of each minibatch',
    noisedValues: ({ bandwidths, featuresEach }, { classes }) =>
      2 * Math.ceil(featuresEach / 2) * bandwidths * classes.length,
  },
  params: {
    ...embeddingParameters,
    bandwidths: count({ smoke: 2, laptop: 3, paper: 5 }, 'kernels, each twice as wide as the one before'),
    smallestBandwidth: positive({ smoke: 8, laptop: 8, paper: 1 }, 'bandwidth of the narrowest kernel'),
    featuresEach: count({ smoke: 100, laptop: 800, paper: 400 }, 'random features of each kernel: cosines and sines'),
    minibatch: count({ smoke: 100, laptop: 6000, paper: 60 }, 'expected private records in a minibatch'),
    releases: count({ smoke: 10, laptop: 50, paper: 200002 }, 'minibatches whose mean elements are released'),
    steps: count({ smoke: 40, laptop: 1200, paper: 200002 }, 'training steps of the generator'),
    batchSize: count({ smoke: 50, laptop: 200, paper: 60 }, 'generated images in a step, at least two a class'),
    learningRate: positive({ smoke: 0.01, laptop: 0.01, paper: 5e-5 }, 'first learning rate of Adam'),
    learningRateDecay: positive(
      { smoke: 0.9, laptop: 0.9, paper: 1 },
      'factor on the learning rate after each fifth of the steps',
    ),
  },
  samples: { smoke: 200, laptop: 10000, paper: 60000 },

  /** Features have norm 1 and the divisor is the expected size of a batch: a record moves the mean by 1 / (rate N) at most. */
  spends({ minibatch, releases }, { size }) {
    const sampleRate = 1 / Math.ceil(size / minibatch); // an epoch is a whole number of batches
    return [gaussianOnSamples({ of: release, l2Sensitivity: 1 / (sampleRate * size), sampleRate, steps: releases })];
  },

  async fit(context) {
    const { mechanisms, facts, params, stream, own } = context;
    const { bandwidths, smallestBandwidth: smallest, featuresEach } = params;
    const each = Math.ceil(featuresEach / 2);
    const frequencies = own(drawBandwidths(facts.shape, { smallest, count: bandwidths }, each, stream.fork('kernels')));
    const embedding = kernelEmbedding(frequencies);
    return matchEmbedding(embedding, (query) => mechanisms.averageOfSampledLabelMeans(release, query), context);
  },
});

/** Random features of the mean of the kernels whose frequencies these are, `[pixels, features / 2]`. */
export function kernelEmbedding(frequencies: Tensor2D): Embedding {
  return {
    features: (images: Tensor4D, waves) => fourierFeatures(images, waves as Tensor2D),
    ...{ constants: [frequencies], dimension: 2 * frequencies.shape[1], norm: 1 },
  };
}
