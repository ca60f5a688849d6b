import { OptionError } from '../../core/errors.js';
import { takeImages } from '../../core/images.js';
import { ProgressTask } from '../../core/progress.js';
import { SeededStream } from '../../core/rng.js';
import type { PublicDataset } from '../../data/contract.js';
import type { Optimizer } from '../../nn/optimizer.js';
import type { NetworkParameters, Weights } from '../../nn/parameters.js';
import { ReplayedGradient } from '../../nn/replayed-gradient.js';
import {
  imageTensor,
  oneHotTensor,
  tf,
  type Scalar,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
} from '../../tensor/index.js';
import type { Checkpoint } from '../contract.js';
import type { PublicParameters } from './public-parameters.js';
import { ShuffledPasses } from './shuffled-passes.js';
import { Training } from './training.js';

/** A network that is trained on images that everybody may see. */
export interface ImageTraining {
  /** Tells this stage of a run from its others. */
  readonly stage: string;
  readonly parameters: NetworkParameters;
  /** Weights that the loss takes beside the trained ones, by other names; the checkpoint keeps them too. */
  readonly frozen?: NetworkParameters;
  readonly dataset: PublicDataset;
  readonly params: PublicParameters;
  /**
   * Of all weights, images `[batch, height, width, channels]` in [0, 1], one-hot labels `[batch, classes of the dataset]` and what
   * `draws` gave; it uses no other tensors.
   */
  readonly loss: (weights: Weights, images: Tensor4D, labels: Tensor2D, ...drawn: Tensor[]) => Scalar;
  /** Random inputs of a batch. */
  readonly draws?: (batch: number, stream: SeededStream) => readonly Tensor[];
  /** Default Adam. */
  readonly optimizer?: (parameters: NetworkParameters) => Optimizer;
  readonly precision?: 'float32' | 'bfloat16';
  readonly checkpoint: Checkpoint;
  readonly signal?: AbortSignal;
  /** Gives back what it gets, which is disposed when the run is over. */
  readonly own: <T extends { dispose(): void }>(disposable: T) => T;
}

/**
 * Trains on shuffled passes through the images, of which the last, incomplete batch is left out, and leaves the average of the
 * weights in the parameters.
 *
 * @returns false when a resumed run is past this stage: the parameters are as they were.
 * @throws OptionError when the dataset has fewer images than a batch.
 */
export async function trainOnImages(training: ImageTraining): Promise<boolean> {
  const { stage, parameters, frozen, dataset, params, draws, optimizer, checkpoint, signal, own } = training;
  const { publicSteps: steps, publicBatchSize: batchSize, publicLearningRate, publicEmaRate, publicSeed } = params;
  const { images, name } = dataset;
  refuseTooFew(dataset, 'publicBatchSize', batchSize);
  const gradient = own(gradientOf(training));
  const state = own(new Training(stage, parameters, { emaRate: publicEmaRate, checkpoint, frozen, optimizer }));
  const begun = await state.kept.resume();
  if (begun === undefined) return false;
  const task = new ProgressTask(`training on ${name}`, steps, signal);
  const stream = new SeededStream(publicSeed).fork(stage);
  const passes = new ShuffledPasses(images.count, batchSize, stream);
  for (let step = begun + 1; step <= steps; step++) {
    const random = stream.fork(`step ${step}`);
    const part = takeImages(images, passes.batch(step));
    const { loss, gradients } = tf.tidy(() => {
      const pixels = imageTensor(part); // [batch, height, width, channels]
      const shown = params.flip ? mirrored(pixels, random) : pixels;
      return gradient.at(shown, oneHotTensor(part, dataset.classes.length), ...(draws?.(batchSize, random) ?? []));
    });
    state.step(gradients, publicLearningRate);
    if (step % 10 === 0 || step === steps) task.report({ step, loss: (await loss.data())[0]! });
    loss.dispose();
    await state.kept.save(step);
    await task.pause();
  }
  state.ema.copyInto(parameters);
  await state.kept.save(steps, { now: true });
  task.done();
  return true;
}

/** The gradient by the trained weights; the frozen ones are inputs, whose values the graph does not keep. */
function gradientOf({ parameters, frozen = {}, loss, precision }: ImageTraining) {
  const names = Object.keys(frozen);
  const ofAll = (weights: Weights, ...inputs: Tensor[]): Scalar => {
    const fixed = Object.fromEntries(names.map((name, i) => [name, inputs[i]!]));
    const [images, labels, ...drawn] = inputs.slice(names.length) as [Tensor4D, Tensor2D, ...Tensor[]];
    return loss({ ...weights, ...fixed }, images, labels, ...drawn);
  };
  const gradient = new ReplayedGradient(parameters, ofAll, { precision });
  return {
    at: (...inputs: Tensor[]) => gradient.at(...Object.values(frozen), ...inputs),
    dispose: () => gradient.dispose(),
  };
}

/** @throws OptionError when a dataset has fewer images than a batch, whose size is the parameter `size`. */
export function refuseTooFew(
  { name, images }: { readonly name: string; readonly images: { readonly count: number } },
  size: string,
  batchSize: number,
): void {
  if (images.count >= batchSize) return;
  throw new OptionError({
    asked: `training on ${name}`,
    wrong: 'the dataset has fewer images than a batch',
    got: images.count,
    expected: `${size} of at most ${images.count}, not ${batchSize}`,
  });
}

/** Each image `[height, width, channels]` of a batch as it is or mirrored, by a coin. */
export function mirrored(images: Tensor4D, stream: SeededStream): Tensor4D {
  const coins = Float32Array.from({ length: images.shape[0] }, () => stream.integer(2));
  const chosen = tf.tensor4d(coins, [images.shape[0], 1, 1, 1]);
  return images.add(images.reverse(2).sub(images).mul(chosen));
}
