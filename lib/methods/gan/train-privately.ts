import { dpSgd, type PlannedRelease, type PublicFacts } from '../../mechanisms/index.js';
import type { FittedModel } from '../contract.js';
import { inClipNorms } from '../in-clip-norms.js';
import { modelOf } from '../embedding/train-generator.js';
import { GanTraining } from './gan-training.js';
import type { Gan, GanContext } from './gan.js';
import { pairLosses } from './hinge-losses.js';
import type { GanParameters } from './parameters.js';

const release = 'gradients of the critic';

/** One Gaussian release for each step of the critic, on a Poisson batch: an epoch is a whole number of batches. */
export function spendsOnCritic(params: GanParameters, { size }: PublicFacts): PlannedRelease {
  const { batchSize, steps, clipNorm } = params;
  return dpSgd({ of: release, clipNorm, sampleRate: 1 / Math.ceil(size / batchSize), steps });
}

/** Trains the critic by DP-SGD and the generator against it, which sees no record; gives what draws images from the average. */
export async function trainPrivately(gan: Gan, context: GanContext): Promise<FittedModel> {
  const { mechanisms, facts, params, own, checkpoint, onSnapshot } = context;
  const stream = context.stream.fork('private training');
  const classes = facts.classes.length;
  const training = own(new GanTraining(gan, { stage: 'private', params, classes, checkpoint, stream }));
  training.renewFakes(0); // the mechanism tries the losses before it begins
  const critic = own(
    await mechanisms.dpSgd(release, {
      losses: pairLosses(gan.critic),
      draws: training.fakes.draws,
      parameters: gan.criticWeights,
      microBatch: params.microBatch,
      precision: params.precision,
    }),
  );
  await training.kept.resume();
  const model = modelOf(gan.generator, context);
  const { steps } = critic;
  while (critic.step < steps) {
    training.renewFakes(critic.step + 1);
    const gradients = inClipNorms(await critic.next(), params.clipNorm);
    const { step } = critic;
    training.step(gradients, { step, steps });
    await training.kept.save(step, { now: step === steps });
    await onSnapshot({ step, steps }, (labels) =>
      training.average.during(() => model.sample(labels, stream.fork(`snapshot ${step}`))),
    );
  }
  training.average.copyInto(gan.generator.parameters);
  return model;
}
