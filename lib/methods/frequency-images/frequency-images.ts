import { evenLabels, type LabeledImages } from '../../core/images.js';
import { drawImages } from '../../nn/generators/draw-images.js';
import type { ConditionalGenerator } from '../../nn/generators/generator.js';
import { newGenerator } from '../../nn/generators/new-generator.js';
import type { Tensor2D } from '../../tensor/index.js';
import type { Checkpoint, FitContext } from '../contract.js';
import type { Embedding } from '../embedding/embedding.js';
import { drawFrequencies, fourierFeatures } from '../embedding/fourier-features.js';
import { checkBatch } from '../embedding/train-generator.js';
import { trainOnEmbedding } from '../embedding/train-on-embedding.js';
import { carrying } from './carrying.js';
import { balancedEmbedding, frequencyQuery, frequencyRelease } from './frequency-query.js';
import type { FrequencyParameters } from './parameters.js';

const task = 'training the generator';

type FrequencyContext = FitContext<FrequencyParameters & { readonly precision: 'float32' | 'bfloat16' }>;

/** The generator before training: made before anything is released, since not all of them make all images. */
export function frequencyGenerator({ facts, params, stream }: FrequencyContext): ConditionalGenerator {
  checkBatch({ task, batchSize: params.generatorBatchSize });
  const options = { classes: facts.classes.length, shape: facts.shape, stream: stream.fork('generator') };
  return newGenerator(params.generator, options);
}

/**
 * Releases the mean embedding of each class by random Fourier features, as DP-MERF does, trains a generator until its images have
 * the same, and gives images of it, each class equally often.
 *
 * @returns the images, and a checkpoint for all later stages: they do not train the generator, and need it to go on.
 */
export async function frequencyImages(
  generator: ConditionalGenerator,
  context: FrequencyContext,
): Promise<{ images: LabeledImages; checkpoint: Checkpoint }> {
  const { mechanisms, facts, params, stream, own, signal } = context;
  const classes = facts.classes.length;
  const frequencies = own(drawFrequencies(facts, params.frequencyFeatures, params.squaredLengthScale, stream));
  const { generatorSteps: steps, generatorBatchSize: batchSize, precision } = params;
  const { value } = await mechanisms.labelMeans(frequencyRelease, frequencyQuery(params, frequencies));
  const embedding: Embedding = {
    features: (images, waves) => fourierFeatures(images, waves as Tensor2D),
    ...{ constants: [frequencies], dimension: 2 * frequencies.shape[1], norm: 1 },
  };
  const target = own(balancedEmbedding(value, params, classes));
  const checkpoint = carrying(context.checkpoint, { ...generator.parameters, ...generator.state });
  const { generatorLearningRate: learningRate, generatorLearningRateDecay: learningRateDecay } = params;
  const stage = { stage: 'generator', task, steps, classes, batchSize, precision, target };
  await trainOnEmbedding(
    generator,
    embedding,
    { ...stage, learningRate, learningRateDecay },
    { ...context, checkpoint },
  );
  const labels = evenLabels(params.frequencyImages, classes);
  const drawn = await drawImages(generator, labels, stream.fork('generated images'), {
    ...{ classes, ...(signal && { signal }) },
  });
  return { images: { ...drawn, labels }, checkpoint };
}
