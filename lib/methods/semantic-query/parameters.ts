import { count, oneOf, positive, type ParameterValues } from '../../core/options.js';

/**
 * Parameters of the question which public categories look like a private class. The paper scale is DPImageBench's for MNIST: 5 % of 1,000
 * categories for ten classes, a classifier trained for 100 passes over the 1,281,167 images of ImageNet in batches of 2,048.
 */
export const semanticParameters = {
  categoriesEach: count({ smoke: 1, laptop: 1, paper: 5 }, 'public categories that are chosen for each private class'),
  queryNoiseMultiplier: positive({ smoke: 20, laptop: 20, paper: 50 }, 'noise multiplier of the counts of categories'),
  selection: oneOf(
    ['by-count', 'in-class-order'],
    { smoke: 'by-count', laptop: 'by-count', paper: 'in-class-order' },
    'who gets a category that several classes want: where its noisy count is largest, or the first class, as in the paper',
  ),
  classifier: oneOf(
    ['small', 'resnet-50'],
    { smoke: 'small', laptop: 'small', paper: 'resnet-50' },
    'network that sorts images into public categories: ResNet-8 at half the side, or ResNet-50 at 32 pixels',
  ),
  classifierSteps: count({ smoke: 4, laptop: 400, paper: 62_500 }, 'training steps of that network'),
  classifierBatchSize: count({ smoke: 32, laptop: 128, paper: 2048 }, 'public images in a step of it'),
  classifierParts: count(
    { smoke: 1, laptop: 1, paper: 8 },
    'parts of such a batch, each with its own batch statistics',
  ),
  classifierLearningRate: positive(
    { smoke: 0.05, laptop: 0.1, paper: 0.01 },
    'first rate of SGD; it falls along a cosine',
  ),
} as const;

export type SemanticParameters = ParameterValues<typeof semanticParameters>;
