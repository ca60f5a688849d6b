import { dpSgd, type PlannedRelease, type PublicFacts } from '../../mechanisms/index.js';
import type { FittedModel } from '../contract.js';
import { inClipNorms } from '../in-clip-norms.js';
import { learningRateAt } from './learning-rate.js';
import type { DiffusionContext, DiffusionModel } from './model.js';
import type { DiffusionParameters } from './parameters.js';
import { Training } from '../pretraining/training.js';

const release = 'gradients of the denoiser';

/**
 * DP-SGD of a diffusion model (Dockhorn et al. 2023, algorithm 1): one Gaussian release a step on a Poisson batch. An epoch is
 * a whole number of batches, so the sample rate is 1 / ceil(N / batchSize).
 */
export function spendsOnTraining(params: DiffusionParameters, { size }: PublicFacts): PlannedRelease {
  const { batchSize, steps, clipNorm } = params;
  return dpSgd({ of: release, clipNorm, sampleRate: 1 / Math.ceil(size / batchSize), steps });
}

/**
 * Trains a model privately from the weights that it has, with a new Adam and a new average, and gives what samples from it.
 *
 * @param trained names of the parameters that are trained, all when left out; the others have no gradients and no noise.
 */
export async function trainPrivately(
  model: DiffusionModel,
  context: DiffusionContext,
  trained: readonly string[] = Object.keys(model.parameters),
): Promise<FittedModel> {
  const { mechanisms, params, stream, own, checkpoint, signal, onSnapshot } = context;
  const { parameters } = model;
  const are = (tuned: boolean) =>
    Object.fromEntries(Object.entries(parameters).filter(([name]) => trained.includes(name) === tuned));
  const training = own(
    await mechanisms.dpSgd(release, {
      ...model.denoising(params.copies),
      ...{ parameters, trained },
      microBatch: params.microBatch,
      precision: params.precision,
    }),
  );
  const stage = own(new Training('private', are(true), { emaRate: params.emaRate, checkpoint, frozen: are(false) }));
  await stage.kept.resume();
  const sampler = own(model.sampler({ ...parameters, ...stage.ema.shadow }));
  while (training.step < training.steps) {
    const gradients = await training.next();
    stage.step(inClipNorms(gradients, params.clipNorm), learningRateAt(training.step, params));
    const { step, steps } = training;
    await stage.kept.save(step);
    const look = { sampler: 'ddim', steps: params.snapshotSteps, signal } as const;
    await onSnapshot({ step, steps }, (labels) => sampler.sample(labels, stream.fork(`snapshot ${step}`), look));
  }
  return { sample: (labels, drawing) => sampler.sample(labels, drawing, { signal }) };
}
