import type { ImageShape } from '../../core/images.js';
import { SeededStream } from '../../core/rng.js';
import type { PublicDataset } from '../../data/contract.js';
import { forwardTape } from '../../nn/tape.js';
import type { Beginning, PretrainContext } from '../contract.js';
import type { PublicParameters } from '../pretraining/public-parameters.js';
import { refuseTooFew, trainOnImages } from '../pretraining/train-on-images.js';
import { denoiserValues, DiffusionModel, type ModelParameters } from './model.js';
import type { DiffusionParameters } from './parameters.js';

type DenoiserContext = Omit<PretrainContext<ModelParameters & PublicParameters>, 'facts' | 'publicDataset'> & {
  readonly facts: { readonly shape: ImageShape };
};

/** Refuses a public dataset with fewer images than a batch, and images that the network is not made for. */
export function refuseDenoiser({
  facts,
  params,
  publicDataset,
}: Beginning<DiffusionParameters & PublicParameters>): void {
  denoiserValues(params, facts, facts.classes.length);
  refuseTooFew(publicDataset!, 'publicBatchSize', params.publicBatchSize);
}

/**
 * A denoiser trained on the public dataset, whose label table has a row for each public or private class, whichever are more:
 * the same model for all methods that begin with it.
 */
export function pretrainOnAllClasses(
  context: PretrainContext<ModelParameters & PublicParameters>,
): Promise<DiffusionModel> {
  const dataset = context.publicDataset!;
  return pretrainDenoiser(dataset, Math.max(context.facts.classes.length, dataset.classes.length), context);
}

/**
 * A denoiser with the weights that training on public images gives (their average), which costs no budget.
 *
 * @param labels rows of its label table without the one for "no label"; at least the classes of the dataset.
 */
export async function pretrainDenoiser(
  dataset: PublicDataset,
  labels: number,
  { facts, params, own, pretrained, signal }: DenoiserContext,
): Promise<DiffusionModel> {
  const model = own(new DiffusionModel(facts, params, labels, new SeededStream(params.publicSeed)));
  const { parameters, network } = model;
  const { dropLabel, medianNoise, precision } = params;
  const { publicSteps, publicBatchSize, publicLearningRate, publicEmaRate, flip, publicSeed } = params;
  const settings = {
    ...{ network: network.options, dropLabel, medianNoise, precision },
    ...{ publicSteps, publicBatchSize, publicLearningRate, publicEmaRate, flip, publicSeed },
  };
  const { losses, draws } = model.denoising(1);
  await pretrained.take({
    ...{ of: 'denoiser', parameters, dataset, settings },
    train: (checkpoint) =>
      trainOnImages({
        ...{ stage: 'public', parameters, dataset, params, draws, precision, checkpoint, own },
        loss: (weights, ...inputs) => losses(forwardTape(weights), ...inputs).mean(),
        ...(signal && { signal }),
      }),
  });
  return model;
}
