/**
 * DP-MERF. Harder, Adamczewski, Park: DP-MERF: Differentially Private Mean Embeddings with Random Features for
 * Practical Privacy-preserving Data Generation. AISTATS 2021, arXiv 2002.11603, Algorithm 1.
 *
 * The private data are read once: their mean embedding by random Fourier features, one column a class, is released with
 * Gaussian noise. A generator is then trained until the embedding of its images is the released one; that is
 * post-processing and costs nothing, however long it takes.
 *
 * What the reference implementation does differently: it pays for the replacement of a record (2 / N) and states the
 * result beside methods that pay for adding or removing one (1 / N); here the relation is add-or-remove-one and is written
 * in the ledger. Its noise follows from a public seed; here it comes from a secure stream. Its loss
 * is biased by the size of the batch; here it is not (`embeddingDistance`). With several length scales it noises each
 * embedding as if it were the only release; here there is one scale.
 *
 * The laptop scale has the small generator of the paper's authors, the paper scale that of DPImageBench.
 */
import { count, positive } from '../core/options.js';
import { gaussian } from '../mechanisms/index.js';
import type { Tensor, Tensor2D, Tensor4D } from '../tensor/index.js';
import { defineMethod } from './contract.js';
import { drawFrequencies, fourierFeatures } from './embedding/fourier-features.js';
import { embeddingParameters, matchEmbedding } from './embedding/match-embedding.js';

const release = 'label-wise mean embedding';

export const dpMerf = defineMethod({
  id: 'dp-merf',
  title: 'DP-MERF',
  paper: {
    title: 'DP-MERF: Differentially Private Mean Embeddings with Random Features',
    authors: 'Harder, Adamczewski, Park',
    year: 2021,
    url: 'https://arxiv.org/abs/2002.11603',
  },
  publicData: 'optional',
  summary: {
    idea: 'mean random Fourier features of each class are released once; a generator is trained until its images have the same',
    noised: 'the mean embedding, once',
    noisedValues: ({ features }, { classes }) => 2 * Math.ceil(features / 2) * classes.length,
  },
  params: {
    ...embeddingParameters,
    features: count({ smoke: 200, laptop: 2000, paper: 10000 }, 'random Fourier features: cosines and sines together'),
    squaredLengthScale: positive(105, 'squared length scale of the Gaussian kernel that the features stand for'),
  },
  samples: { smoke: 200, laptop: 10000, paper: 60000 },

  /** Each feature vector has norm 1, so one record more or fewer moves the mean by at most 1 / N. */
  spends: (_params, { size }) => [gaussian({ of: release, l2Sensitivity: 1 / size })],

  async fit(context) {
    const { mechanisms, facts, params, stream, own } = context;
    const frequencies = own(drawFrequencies(facts, params.features, params.squaredLengthScale, stream));
    const embedding = {
      features: (images: Tensor4D, waves: Tensor) => fourierFeatures(images, waves as Tensor2D),
      ...{ constants: [frequencies], dimension: 2 * frequencies.shape[1], norm: 1 },
    };
    return matchEmbedding(embedding, (query) => mechanisms.labelMeans(release, query), context);
  },
});
