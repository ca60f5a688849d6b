import type { ConditionalGenerator } from '../../nn/generators/generator.js';
import type { GeneratorLoss } from '../../nn/generators/generator-gradient.js';
import type { Tensor2D } from '../../tensor/index.js';
import type { Embedding } from './embedding.js';
import { embeddingDistance } from './embedding-distance.js';
import { trainGenerator, type GeneratorContext, type GeneratorStage } from './train-generator.js';

/** A stage of training on a released embedding. */
interface EmbeddingStage extends Pick<
  GeneratorStage,
  'stage' | 'task' | 'steps' | 'classes' | 'batchSize' | 'splits' | 'precision'
> {
  /** `[dimension, columns]`, of which the first `classes` have the same share of the mass each. */
  readonly target: Tensor2D;
  /** First learning rate of Adam. */
  readonly learningRate: number;
  /** Factor on it after each fifth of the steps. */
  readonly learningRateDecay: number;
}

/** Trains a generator until the label-wise mean embedding of its images is the target. */
export function trainOnEmbedding(
  generator: ConditionalGenerator,
  embedding: Embedding,
  { target, learningRate, learningRateDecay, ...stage }: EmbeddingStage,
  context: GeneratorContext,
): Promise<void> {
  const loss: GeneratorLoss = (images, labels, target, ...constants) =>
    embeddingDistance(embedding.features(images, ...constants), labels, target as Tensor2D, stage.classes);
  const rate = (step: number) => learningRate * learningRateDecay ** Math.floor(((step - 1) * 5) / stage.steps);
  const constants = [target, ...embedding.constants];
  return trainGenerator(generator, { ...stage, loss, constants, learningRate: rate }, context);
}
