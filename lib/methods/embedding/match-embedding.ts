import type { LabelSumQuery } from '../../mechanisms/label-sums.js';
import { count, oneOf, positive, type ParameterValues } from '../../core/options.js';
import type { Released } from '../../mechanisms/index.js';
import { generatorNames, newGenerator } from '../../nn/generators/new-generator.js';
import { tf, type Tensor2D } from '../../tensor/index.js';
import type { FitContext, FittedModel } from '../contract.js';
import { embeddingQuery, type Embedding } from './embedding.js';
import { publicLabelMeans } from './public-label-means.js';
import { checkBatch, modelOf } from './train-generator.js';
import { trainOnEmbedding } from './train-on-embedding.js';

/** Parameters of training a generator on a released embedding. Methods state scales of their own where they differ. */
export const embeddingParameters = {
  generator: oneOf(
    generatorNames,
    { smoke: 'small', laptop: 'small', paper: 'big-gan' },
    'network that is trained; big-gan: in the width that DPImageBench has for the side of the images',
  ),
  steps: count({ smoke: 40, laptop: 1200, paper: 2750 }, 'training steps of the generator'),
  batchSize: count({ smoke: 50, laptop: 200, paper: 100 }, 'generated images in a step, at least two a class'),
  learningRate: positive(0.01, 'first learning rate of Adam'),
  learningRateDecay: positive(0.9, 'factor on the learning rate after each fifth of the steps'),
  publicSteps: count({ smoke: 20, laptop: 600, paper: 12811 }, 'training steps on public images, where there are any'),
  precision: oneOf(['float32', 'bfloat16'], 'float32', 'of convolutions and products while the generator is trained'),
} as const;

export type EmbeddingParameters = ParameterValues<typeof embeddingParameters>;

/**
 * Trains a generator until the label-wise mean embedding of its images is the released one, on public images first where there
 * are any. All of it is post-processing.
 *
 * @param release asks for `[dimension, classes]`, row by row: the mean over records of `features(x) e_y^T`. It is called when all
 * that can be wrong with the parameters was looked at, and after public training.
 */
export async function matchEmbedding(
  embedding: Embedding,
  release: (query: LabelSumQuery) => Promise<Released<Float32Array>>,
  context: FitContext<EmbeddingParameters & { readonly splits?: number }>,
): Promise<FittedModel> {
  const { facts, params, stream, signal, own, publicDataset } = context;
  const classes = facts.classes.length;
  const known = Math.max(classes, publicDataset?.classes.length ?? 0); // labels of the generator
  const options = { classes: known, shape: facts.shape, stream: stream.fork('generator') };
  const generator = own(newGenerator(params.generator, options));
  checkBatch({ task: 'training the generator', ...params });
  const query = embeddingQuery(embedding);
  if (publicDataset) {
    const task = `training on ${publicDataset.name}`;
    const target = own(await publicLabelMeans(publicDataset, query, { classes: known, signal }));
    const stage = { stage: 'public', task, steps: params.publicSteps, classes: publicDataset.classes.length, target };
    await trainOnEmbedding(generator, embedding, { ...context.params, ...stage }, context);
  }
  const released = await release(query);
  const target = own(paddedTarget(released.value, embedding.dimension, classes, known));
  const stage = { stage: 'private', task: 'training the generator', steps: params.steps, classes, target };
  await trainOnEmbedding(generator, embedding, { ...context.params, ...stage }, context);
  return modelOf(generator, context);
}

/** A released matrix with columns of zeros for classes that only public images have. */
function paddedTarget(values: Float32Array, dimension: number, classes: number, columns: number): Tensor2D {
  return tf.tidy(() =>
    tf.tensor2d(values, [dimension, classes]).pad([
      [0, 0],
      [0, columns - classes],
    ]),
  );
}
