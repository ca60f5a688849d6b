import { count, countOrZero, decay, flag, positive, type ParameterValues } from '../../core/options.js';

/** Parameters of training on public images; the paper scale is 160 passes over the 1,281,167 images of ImageNet. */
export const publicParameters = {
  publicSteps: count({ smoke: 4, laptop: 1000, paper: 200160 }, 'training steps on the public images'),
  publicBatchSize: count({ smoke: 16, laptop: 64, paper: 1024 }, 'public images in a step'),
  publicLearningRate: positive({ smoke: 2e-3, laptop: 3e-3, paper: 3e-4 }, 'learning rate of Adam on public images'),
  publicEmaRate: decay({ smoke: 0.9, laptop: 0.99, paper: 0.999 }, 'largest decay of the average of that training'),
  flip: flag({ smoke: false, laptop: false, paper: true }, 'mirror public images at random; not for characters'),
  publicSeed: countOrZero(0, 'seed of that training, apart from the run’s: runs of other seeds share its model'),
} as const;

export type PublicParameters = ParameterValues<typeof publicParameters>;
