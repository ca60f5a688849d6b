import { OptionError } from '../../core/errors.js';
import { ProgressTask } from '../../core/progress.js';
import type { SeededStream } from '../../core/rng.js';
import { Adam } from '../../nn/adam.js';
import { drawImages, drawInput, labelsInTurn } from '../../nn/generators/draw-images.js';
import type { ConditionalGenerator } from '../../nn/generators/generator.js';
import { GeneratorGradient, type GeneratorLoss } from '../../nn/generators/generator-gradient.js';
import type { Optimizer } from '../../nn/optimizer.js';
import type { NetworkParameters } from '../../nn/parameters.js';
import { tf, type Tensor } from '../../tensor/index.js';
import type { FitContext, FittedModel } from '../contract.js';
import { StageCheckpoint } from '../stage-checkpoint.js';

/** One stage of training a generator: until a loss of its images is small. No private row is in reach. */
export interface GeneratorStage {
  /** Of the checkpoint: `public` or `private`. */
  readonly stage: string;
  /** In words, for people. */
  readonly task: string;
  readonly steps: number;
  /** Generated images in a step: two at least of each class, or of as many classes by chance as there is room for. */
  readonly batchSize: number;
  /** Parts of a batch that are worked on one after the other; the loss is the mean of theirs. Default 1. */
  readonly splits?: number;
  readonly classes: number;
  /** From the images, their one-hot labels and `constants`; it uses no other tensors. */
  readonly loss: GeneratorLoss;
  /** Released or public tensors that the loss needs. */
  readonly constants: readonly Tensor[];
  readonly learningRate: (step: number) => number;
  /** Default Adam. */
  readonly optimizer?: (parameters: NetworkParameters) => Optimizer;
  readonly precision?: 'float32' | 'bfloat16';
}

/** Parts of a method's context that training a generator needs: no mechanisms among them. */
export type GeneratorContext = Pick<
  FitContext<unknown>,
  'facts' | 'stream' | 'signal' | 'checkpoint' | 'onSnapshot' | 'own'
>;

/**
 * Trains a generator through one stage, from where an earlier process of the run stopped. A stage that a resumed run is past
 * is left out. Snapshots are drawn in the stage `private` only.
 *
 * @throws OptionError when the batch does not hold two images.
 */
export async function trainGenerator(
  generator: ConditionalGenerator,
  options: GeneratorStage,
  context: GeneratorContext,
): Promise<void> {
  const { stage, steps, classes, constants } = options;
  const splits = options.splits ?? 1;
  const partSize = Math.ceil(options.batchSize / splits);
  checkBatch(options);
  const { own, stream, signal } = context;
  const optimizer = own((options.optimizer ?? ((parameters) => new Adam(parameters)))(generator.parameters));
  const gradient = own(new GeneratorGradient(generator, options.loss, options));
  const networks = { generator: generator.parameters, 'generator state': generator.state };
  const kept = new StageCheckpoint(stage, context.checkpoint, { networks, states: { optimizer } });
  const begun = await kept.resume();
  if (begun === undefined) return;
  const task = new ProgressTask(options.task, steps, signal);
  const random = stream.fork(`${stage} training`);
  for (let step = begun + 1; step <= steps; step++) {
    const loss = tf.tidy(() => {
      const inputs = random.fork(`inputs ${step}`);
      const parts = Array.from({ length: splits }, () => {
        const { latents, labels } = drawInput(generator, inPairs(partSize, classes, inputs), inputs);
        return gradient.at(latents, labels, ...constants);
      });
      const { loss, gradients } = meanOf(parts);
      optimizer.apply(gradients, options.learningRate(step));
      return loss;
    });
    if (step % 10 === 0 || step === steps) task.report({ step, loss: (await loss.data())[0]! });
    loss.dispose();
    await kept.save(step);
    await task.pause();
    if (stage !== 'private') continue;
    const model = modelOf(generator, context);
    await context.onSnapshot({ step, steps }, (labels) => model.sample(labels, random.fork(`snapshot ${step}`)));
  }
  await kept.save(steps, { now: stage !== 'private' });
  task.done();
}

/** A trained generator as what a method gives back. */
export function modelOf(
  generator: ConditionalGenerator,
  { facts, signal }: Pick<GeneratorContext, 'facts' | 'signal'>,
): FittedModel {
  const options = { classes: facts.classes.length, ...(signal && { signal }) };
  return { sample: (labels, stream) => drawImages(generator, labels, stream, options) };
}

type LossAndGradients = ReturnType<GeneratorGradient['at']>;

/** The mean loss of some parts of a batch, and its gradients. */
function meanOf(parts: readonly LossAndGradients[]): LossAndGradients {
  if (parts.length === 1) return parts[0]!;
  const mean = <T extends Tensor>(tensors: readonly T[]): T => tf.addN([...tensors]).div<T>(parts.length);
  const names = Object.keys(parts[0]!.gradients);
  return {
    loss: mean(parts.map(({ loss }) => loss)),
    gradients: Object.fromEntries(names.map((name) => [name, mean(parts.map(({ gradients }) => gradients[name]!))])),
  };
}

/** Labels of a batch: an unbiased distance needs two images of a class. */
function inPairs(batchSize: number, classes: number, stream: SeededStream): Uint8Array {
  const chosen = Math.min(classes, Math.floor(batchSize / 2));
  if (chosen === classes) return labelsInTurn(batchSize, classes);
  const some = stream.permutation(classes);
  return labelsInTurn(batchSize, chosen).map((place) => some[place]!);
}

/** @throws OptionError when a part of the batch does not hold two images. */
export function checkBatch({
  task,
  batchSize,
  splits = 1,
}: Pick<GeneratorStage, 'task' | 'batchSize' | 'splits'>): void {
  if (batchSize < 2 * splits)
    throw new OptionError({
      asked: task,
      wrong: 'the batch is too small to hold two images of a class',
      got: batchSize,
      expected: splits === 1 ? 'batchSize of at least 2' : `batchSize of at least ${2 * splits}, two for each split`,
    });
}
