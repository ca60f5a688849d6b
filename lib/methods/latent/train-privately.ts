import { evenLabels } from '../../core/images.js';
import { dpSgd, type PlannedRelease, type PublicFacts } from '../../mechanisms/index.js';
import { Adam } from '../../nn/adam.js';
import { drawNoising, noiseLosses } from '../../nn/latent-diffusion/noise-losses.js';
import type { FitContext, FittedModel } from '../contract.js';
import { learningRateAt } from '../diffusion/learning-rate.js';
import { inClipNorms } from '../in-clip-norms.js';
import { Training } from '../pretraining/training.js';
import { LatentModel, type Tuning } from './model.js';
import type { LatentParameters } from './parameters.js';
import { pretrainLatents } from './pretrain.js';

const release = 'gradients of the tuned weights';

/** DP-SGD of a part of the U-Net: one Gaussian release a step on a Poisson batch, at the rate 1 / ceil(N / batchSize). */
export function spendsOnTuning(params: LatentParameters, { size }: PublicFacts): PlannedRelease {
  const { batchSize, steps, clipNorm } = params;
  return dpSgd({ of: release, clipNorm, sampleRate: 1 / Math.ceil(size / batchSize), steps });
}

/**
 * Latent diffusion trained on public images, of which a part is then trained on the private ones by DP-SGD with AdamW; gives what
 * samples from it. All else of the networks is frozen: it has neither gradients nor noise.
 */
export async function fitLatents(context: FitContext<LatentParameters>, tuning: Tuning): Promise<FittedModel> {
  const { mechanisms, facts, params, stream, own, checkpoint, signal, onSnapshot, onStage } = context;
  const model = own(new LatentModel(await pretrainLatents(context), context, tuning));
  const { networks, parameters, trained, parts } = model;
  const stage = own(
    new Training('private', parts.tuned, {
      emaRate: params.emaRate,
      ...{ checkpoint, frozen: parts.frozen },
      optimizer: (tuned) => new Adam(tuned, 0.9, 0.999, 1e-8, params.weightDecay),
    }),
  );
  const begun = await stage.kept.resume();
  const sampler = own(model.sampler({ ...parameters, ...stage.ema.shadow }));
  if (!begun) {
    const labels = evenLabels(4 * facts.classes.length, facts.classes.length);
    const images = await sampler.sample(labels, stream.fork('public stage'), { steps: params.snapshotSteps, signal });
    await onStage('before private training', { ...images, labels });
  }
  const training = own(
    await mechanisms.dpSgd(release, {
      losses: noiseLosses(networks),
      draws: drawNoising(networks, { copies: params.copies, dropProbability: params.dropLabel }),
      ...{ parameters, trained, microBatch: params.microBatch, precision: params.precision },
    }),
  );
  while (training.step < training.steps) {
    const gradients = await training.next();
    stage.step(inClipNorms(gradients, params.clipNorm), learningRateAt(training.step, params));
    const { step, steps } = training;
    await stage.kept.save(step);
    const look = { steps: params.snapshotSteps, signal };
    await onSnapshot({ step, steps }, (labels) => sampler.sample(labels, stream.fork(`snapshot ${step}`), look));
  }
  return { sample: (labels, drawing) => sampler.sample(labels, drawing, { signal }) };
}
