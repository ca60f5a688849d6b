import { takeImages } from '../../core/images.js';
import { ProgressTask } from '../../core/progress.js';
import type { PublicDataset } from '../../data/contract.js';
import { ReplayedGradient } from '../../nn/replayed-gradient.js';
import { forwardTape } from '../../nn/tape.js';
import { imageTensor, oneHotTensor, tf } from '../../tensor/index.js';
import { ShuffledPasses } from '../pretraining/shuffled-passes.js';
import { refuseTooFew } from '../pretraining/train-on-images.js';
import { GanTraining } from './gan-training.js';
import type { Gan, GanContext } from './gan.js';
import { pairLosses } from './hinge-losses.js';

/**
 * Trains both networks on public images with the same losses and without noise, which costs no budget, and leaves the average
 * of the generator's weights in it.
 *
 * @throws OptionError when the public dataset has fewer images than a batch.
 */
export async function trainPublicly(gan: Gan, dataset: PublicDataset, context: GanContext): Promise<void> {
  const { params, own, checkpoint, signal } = context;
  const { publicSteps: steps, publicBatchSize: batchSize, precision } = params;
  const { images, name } = dataset;
  const classes = dataset.classes.length;
  refuseTooFew(dataset, 'publicBatchSize', batchSize);
  const stream = context.stream.fork('public training');
  const training = own(new GanTraining(gan, { stage: 'public', params, classes, checkpoint, stream }));
  const losses = pairLosses(gan.critic);
  const gradient = own(
    new ReplayedGradient(
      gan.criticWeights,
      (weights, ...inputs) =>
        losses(forwardTape(weights), ...inputs)
          .mean()
          .asScalar(),
      { precision },
    ),
  );
  const begun = await training.kept.resume();
  if (begun === undefined) return; // a resumed run that is past this stage
  const task = new ProgressTask(`training on ${name}`, steps, signal);
  const passes = new ShuffledPasses(images.count, batchSize, stream);
  for (let step = begun + 1; step <= steps; step++) {
    training.renewFakes(step);
    const part = takeImages(images, passes.batch(step));
    const { loss, gradients } = tf.tidy(() => {
      const fakes = training.fakes.draws(batchSize, stream.fork(`pairs ${step}`));
      return gradient.at(imageTensor(part), oneHotTensor(part, classes), ...fakes);
    });
    training.step(gradients, { step, steps });
    if (step % 10 === 0 || step === steps) task.report({ step, loss: (await loss.data())[0]! });
    loss.dispose();
    await training.kept.save(step);
    await task.pause();
  }
  training.average.copyInto(gan.generator.parameters);
  await training.kept.save(steps, { now: true });
  task.done();
}
