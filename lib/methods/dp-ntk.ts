/**
 * DP-NTK. Yang, Adamczewski, Li, Sutherland, Park: Differentially Private Neural Tangent Kernels (DP-NTK) for Privacy-Preserving
 * Data Generation. JAIR 81, 2024, arXiv 2303.01687.
 *
 * As DP-MERF, with other features of an image: the gradient of a random, untrained network's outputs by its weights at that
 * image, divided by its norm. The private data are read once, for the mean of the features of each class; training a
 * generator until its images have the same means is post-processing.
 *
 * What the reference implementation does differently: it leaves the loop over the data after the first batch, so that 5,000
 * records of 60,000 are in the mean and the noise is twelve times as large; here every record is. It halves the noise that
 * replacing a record needs and credits no sampling; here the relation is add-or-remove-one, all of N. It writes every gradient of
 * the last layer down once an output, though they are the same; here once, which changes nothing (`ntkFeatures`). Its noise
 * follows from a public seed. Its loss is biased by the size of a split of the batch; here it is not, so that splits are for
 * memory only. It lowers the learning rate to 0.009 after the first step, by a slip in its schedule.
 */
import type { ImageShape } from '../core/images.js';
import { count, oneOf, positive } from '../core/options.js';
import { gaussian } from '../mechanisms/index.js';
import { defineMethod } from './contract.js';
import { embeddingParameters, matchEmbedding } from './embedding/match-embedding.js';
import { drawNtkNetwork, ntkTensors, tangentValues } from './embedding/ntk-network.js';
import { tangentEmbedding } from './embedding/tangent-embedding.js';

const release = 'label-wise mean of tangent features';

export const dpNtk = defineMethod({
  id: 'dp-ntk',
  title: 'DP-NTK',
  paper: {
    title: 'Differentially Private Neural Tangent Kernels (DP-NTK) for Privacy-Preserving Data Generation',
    authors: 'Yang, Adamczewski, Li, Sutherland, Park',
    year: 2024,
    url: 'https://arxiv.org/abs/2303.01687',
  },
  publicData: 'optional',
  summary: {
    idea: 'as DP-MERF, with the gradients of a random network as features',
    noised: 'the mean embedding, once',
    noisedValues: (params, { shape, classes }) => tangentValues(widthsOf(params, shape), shape) * classes.length,
  },
  params: {
    ...embeddingParameters,
    hiddenLayers: oneOf(
      ['by-colours', 'one', 'two'],
      'by-colours',
      'of the random network: one for grey images, two for coloured ones, or so many',
    ),
    width: count({ smoke: 20, laptop: 100, paper: 800 }, 'units of the hidden layer where there is one'),
    firstWidth: count({ smoke: 8, laptop: 32, paper: 32 }, 'units of the first hidden layer of two'),
    secondWidth: count({ smoke: 16, laptop: 256, paper: 256 }, 'units of the second hidden layer of two'),
    steps: count({ smoke: 40, laptop: 1200, paper: 2000 }, 'training steps of the generator'),
    batchSize: count({ smoke: 50, laptop: 200, paper: 5000 }, 'generated images in a step, at least two a class'),
    splits: count({ smoke: 1, laptop: 1, paper: 8 }, 'parts of a batch, worked on one after the other'),
    learningRateDecay: positive(
      { smoke: 0.9, laptop: 0.9, paper: 1 },
      'factor on the learning rate after each fifth of the steps',
    ),
    publicSteps: count({ smoke: 20, laptop: 600, paper: 4000 }, 'training steps on public images, where there are any'),
  },
  samples: { smoke: 200, laptop: 10000, paper: 60000 },

  /** Each feature vector has norm 1, so one record more or fewer moves the mean by at most 1 / N. */
  spends: (_params, { size }) => [gaussian({ of: release, l2Sensitivity: 1 / size })],

  async fit(context) {
    const { mechanisms, facts, params, stream, own } = context;
    const network = drawNtkNetwork(
      { shape: facts.shape, widths: widthsOf(params, facts.shape), outputs: facts.classes.length },
      stream.fork('random network'),
    );
    ntkTensors(network).forEach(own);
    const embedding = tangentEmbedding(network);
    return matchEmbedding(embedding, (query) => mechanisms.labelMeans(release, query), context);
  },
});

interface Widths {
  readonly hiddenLayers: 'by-colours' | 'one' | 'two';
  readonly width: number;
  readonly firstWidth: number;
  readonly secondWidth: number;
}

/** Units of the hidden layers of the random network. */
function widthsOf({ hiddenLayers, width, firstWidth, secondWidth }: Widths, { channels }: ImageShape) {
  const one = hiddenLayers === 'by-colours' ? channels === 1 : hiddenLayers === 'one';
  return one ? ([width] as const) : ([firstWidth, secondWidth] as const);
}
