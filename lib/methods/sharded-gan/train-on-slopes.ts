import type { ShardedCritics } from '../../mechanisms/index.js';
import type { ConditionalGenerator } from '../../nn/generators/generator.js';
import { tf } from '../../tensor/index.js';
import type { FittedModel } from '../contract.js';
import { modelOf } from '../embedding/train-generator.js';
import type { ShardedGanContext } from './parameters.js';
import { SlopeTraining } from './slope-training.js';
import { spreadOverSquares } from './squares.js';

/**
 * Trains a generator along the noisy slopes that critics of private shards give; gives what draws images from the average.
 *
 * @param ask charges for the critics: called when all else is ready.
 */
export async function trainOnSlopes(
  generator: ConditionalGenerator,
  ask: () => Promise<ShardedCritics>,
  context: ShardedGanContext,
): Promise<FittedModel> {
  const { facts, params, own, onSnapshot } = context;
  const training = own(new SlopeTraining('private', generator, context));
  await training.kept.resume();
  const critics = own(await ask());
  const { steps } = critics;
  const update = async (purpose: string, times: number) => {
    const fakes = training.fakes(purpose);
    try {
      await critics.update(fakes, times);
    } finally {
      fakes.images.dispose();
    }
  };
  const answer = async (step: number) => {
    const { images, labels } = training.generated(step);
    try {
      return await critics.next(images, labels);
    } finally {
      tf.dispose([images, labels]);
    }
  };
  for (let turn = 0; turn < critics.turns && critics.step < steps; turn++)
    await update(`warm-up ${turn}`, params.warmUpSteps);
  while (critics.step < steps) {
    await update(`step ${critics.step + 1}`, params.criticSteps);
    const released = await answer(critics.step + 1);
    const { step } = critics;
    try {
      tf.tidy(() => training.step(step, steps, spreadOverSquares(released, facts.shape, params.shrink)));
    } finally {
      released.dispose();
    }
    await training.kept.save(step, { now: step === steps });
    await onSnapshot({ step, steps }, (labels) => training.look(labels, step));
  }
  training.average.copyInto(generator.parameters);
  return modelOf(generator, context);
}
