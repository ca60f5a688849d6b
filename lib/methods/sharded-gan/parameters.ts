import { count, decay, oneOf, positive, share, type ParameterValues } from '../../core/options.js';
import { generatorNames } from '../../nn/generators/new-generator.js';
import type { FitContext } from '../contract.js';

/** The paper scale is DPImageBench's, which is that of the paper. */
export const shardedGanParameters = {
  critics: count({ smoke: 10, laptop: 500, paper: 1000 }, 'critics, each with its shard of the records'),
  answering: oneOf(
    ['all', 'one'],
    { smoke: 'all', laptop: 'all', paper: 'one' },
    'who answers a step: all critics, or one of them that is drawn in secret',
  ),
  critic: oneOf(
    ['dense', 'spectral'],
    { smoke: 'dense', laptop: 'dense', paper: 'spectral' },
    'network of a critic: one hidden layer, or the convolutions of the paper, which need one answering',
  ),
  hidden: count({ smoke: 8, laptop: 16, paper: 16 }, 'width of the hidden layer of a dense critic'),
  generator: oneOf(generatorNames, { smoke: 'small', laptop: 'small', paper: 'pixel-norm' }, 'network that is trained'),
  steps: count({ smoke: 10, laptop: 600, paper: 20000 }, 'training steps of the generator, one release each'),
  batchSize: count({ smoke: 10, laptop: 20, paper: 32 }, 'generated images in a step'),
  shrink: count(
    { smoke: 4, laptop: 2, paper: 1 },
    'side of the squares of pixels that gradients of images are averaged over',
  ),
  clipNorm: positive(1, 'bound on the norm of a critic’s gradients by all images of a step together'),
  criticSteps: count({ smoke: 1, laptop: 1, paper: 5 }, 'steps of the critics for each step of the generator'),
  criticBatchSize: count({ smoke: 8, laptop: 10, paper: 32 }, 'records of a shard in a step of its critic'),
  warmUpSteps: count({ smoke: 2, laptop: 30, paper: 2000 }, 'steps of each critic before the first of the generator'),
  criticRate: positive({ smoke: 2e-3, laptop: 2e-3, paper: 1e-4 }, 'learning rate of the critics’ Adam'),
  generatorRate: positive({ smoke: 3e-3, laptop: 3e-3, paper: 1e-4 }, 'learning rate of the generator’s Adam'),
  decayedPart: share({ smoke: 0, laptop: 0.5, paper: 0 }, 'last part of the steps, over which it falls to 0'),
  penalty: positive(10, 'weight of the gradient penalty of the critics'),
  emaRate: decay({ smoke: 0.9, laptop: 0.98, paper: 0.999 }, 'largest decay of the average that is sampled from'),
  publicSteps: count({ smoke: 5, laptop: 500, paper: 2000 }, 'training steps on public images, where there are any'),
} as const;

export type ShardedGanContext = FitContext<ParameterValues<typeof shardedGanParameters>>;
