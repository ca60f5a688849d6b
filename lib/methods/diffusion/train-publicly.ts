import { OptionError } from '../../core/errors.js';
import { takeImages } from '../../core/images.js';
import { count, flag, positive, type ParameterValues } from '../../core/options.js';
import { ProgressTask } from '../../core/progress.js';
import type { SeededStream } from '../../core/rng.js';
import type { PublicDataset } from '../../data/contract.js';
import { ReplayedGradient } from '../../nn/replayed-gradient.js';
import { forwardTape } from '../../nn/tape.js';
import { imageTensor, oneHotTensor, tf, type Tensor4D } from '../../tensor/index.js';
import type { DiffusionContext, DiffusionModel, ModelParameters } from './model.js';
import { ShuffledPasses } from './shuffled-passes.js';
import { Training } from './training.js';

/** Parameters of training on public images; the paper scale is 160 passes over the 1,281,167 images of ImageNet. */
export const publicParameters = {
  publicSteps: count({ smoke: 4, laptop: 1000, paper: 200160 }, 'training steps on the public images'),
  publicBatchSize: count({ smoke: 16, laptop: 64, paper: 1024 }, 'public images in a step'),
  publicLearningRate: positive({ smoke: 2e-3, laptop: 3e-3, paper: 3e-4 }, 'learning rate of Adam on public images'),
  publicEmaRate: positive({ smoke: 0.9, laptop: 0.99, paper: 0.999 }, 'largest decay of the average of that training'),
  flip: flag({ smoke: false, laptop: false, paper: true }, 'mirror public images at random; not for characters'),
} as const;

export type PublicParameters = ParameterValues<typeof publicParameters>;

/** What training on public images takes of a method's context. */
type PublicTrainingContext = Pick<DiffusionContext, 'own' | 'checkpoint' | 'signal' | 'stream'> & {
  readonly params: Pick<ModelParameters, 'precision'>;
};

/**
 * Trains a model on public images, which costs no budget, and leaves the average of the weights in it. Batches go through
 * shuffled passes; the last, incomplete one of a pass is left out.
 */
export async function trainPublicly(
  model: DiffusionModel,
  dataset: PublicDataset,
  params: PublicParameters,
  context: PublicTrainingContext,
): Promise<void> {
  const { own, checkpoint, signal } = context;
  const { publicSteps: steps, publicBatchSize: batchSize, publicLearningRate, publicEmaRate, flip } = params;
  const { images, name, classes } = dataset;
  if (images.count < batchSize)
    throw new OptionError({
      asked: `training on ${name}`,
      wrong: 'the public dataset has fewer images than a batch',
      got: images.count,
      expected: `publicBatchSize of at most ${images.count}, not ${batchSize}`,
    });
  const { parameters } = model;
  const { losses, draws } = model.denoising(1);
  const gradient = own(
    new ReplayedGradient(parameters, (weights, ...inputs) => losses(forwardTape(weights), ...inputs).mean(), {
      precision: context.params.precision,
    }),
  );
  const training = own(new Training('public', parameters, { emaRate: publicEmaRate, checkpoint }));
  const begun = await training.kept.resume();
  if (begun === undefined) return; // a resumed run that is past this stage
  const task = new ProgressTask(`training on ${name}`, steps, signal);
  const stream = context.stream.fork('public training');
  const passes = new ShuffledPasses(images.count, batchSize, stream);
  for (let step = begun + 1; step <= steps; step++) {
    const random = stream.fork(`step ${step}`);
    const part = takeImages(images, passes.batch(step));
    const { loss, gradients } = tf.tidy(() => {
      const pixels = imageTensor(part); // [batch, height, width, channels]
      const shown = flip ? mirrored(pixels, random) : pixels;
      const labels = oneHotTensor(part, classes.length); // [batch, classes]
      return gradient.at(shown, labels, ...draws(batchSize, random));
    });
    training.step(gradients, publicLearningRate);
    if (step % 10 === 0 || step === steps) task.report({ step, loss: (await loss.data())[0]! });
    loss.dispose();
    await training.kept.save(step);
    await task.pause();
  }
  training.ema.copyInto(parameters);
  await training.kept.save(steps, { now: true });
  task.done();
}

/** Each image `[height, width, channels]` of a batch as it is or mirrored, by a coin. */
export function mirrored(images: Tensor4D, stream: SeededStream): Tensor4D {
  const coins = Float32Array.from({ length: images.shape[0] }, () => stream.integer(2));
  const chosen = tf.tensor4d(coins, [images.shape[0], 1, 1, 1]);
  return images.add(images.reverse(2).sub(images).mul(chosen));
}
