import { evenLabels, type LabeledImages } from '../../core/images.js';
import { count, decay, notNegative, positive, type ParameterValues } from '../../core/options.js';
import type { PublicDataset } from '../../data/contract.js';
import { forwardTape } from '../../nn/tape.js';
import type { FitContext } from '../contract.js';
import { trainOnImages } from '../pretraining/train-on-images.js';
import type { DiffusionModel } from './model.js';
import type { DiffusionParameters } from './parameters.js';

/**
 * Parameters of training on central images, the easy stage before the hard one; and those of the hard one that are others for a model
 * which knows the classes already: smaller steps, and images drawn with less guidance, which costs their variety.
 */
export const easyParameters = {
  easySteps: count({ smoke: 4, laptop: 800, paper: 2000 }, 'training steps on the central images'),
  easyBatchSize: count({ smoke: 16, laptop: 64, paper: 50 }, 'central images in a step'),
  easyLearningRate: positive({ smoke: 2e-3, laptop: 3e-3, paper: 3e-4 }, 'learning rate of Adam on them'),
  easyEmaRate: decay({ smoke: 0.9, laptop: 0.99, paper: 0.999 }, 'largest decay of the average of that training'),
  learningRate: positive({ smoke: 2e-3, laptop: 4e-3, paper: 3e-4 }, 'learning rate of Adam in private training'),
  guidance: notNegative(
    { smoke: 0, laptop: 0.25, paper: 0 },
    'weight of classifier-free guidance when images are drawn',
  ),
} as const;

export type EasyParameters = ParameterValues<typeof easyParameters>;

/** Images that were released, or made from what was, to train on before private training. */
export interface ReleasedStage {
  /** In words: `central images`. */
  readonly title: string;
  readonly dataset: PublicDataset;
  readonly steps: number;
  readonly batchSize: number;
}

/** Samples of each class that are shown after a stage. */
const shownEach = 8;

/**
 * Trains a diffusion model on released images with a new Adam and a new average, which it is left with, and shows samples of it
 * under `shown`. Post-processing: it costs nothing. A stage that a resumed run is past is left out.
 */
export async function trainOnReleased(
  model: DiffusionModel,
  { title, dataset, steps, batchSize }: ReleasedStage,
  shown: string,
  context: FitContext<DiffusionParameters & EasyParameters>,
): Promise<void> {
  const { params, own, signal, stream, checkpoint } = context;
  const { parameters } = model;
  const { losses, draws } = model.denoising(1);
  const trained = await trainOnImages({
    ...{ stage: title, parameters, dataset, draws, checkpoint, own, precision: params.precision },
    params: {
      ...{ publicSteps: steps, publicBatchSize: batchSize, flip: false },
      ...{ publicLearningRate: params.easyLearningRate, publicEmaRate: params.easyEmaRate },
      publicSeed: stream.fork(title).integer(2 ** 31),
    },
    loss: (weights, ...inputs) => losses(forwardTape(weights), ...inputs).mean(),
    ...(signal && { signal }),
  });
  if (!trained) return;
  const labels = evenLabels(shownEach * context.facts.classes.length, context.facts.classes.length);
  const sampler = own(model.sampler(parameters));
  const look = { sampler: 'ddim', steps: params.snapshotSteps, signal } as const;
  const images = await sampler.sample(labels, stream.fork(`samples ${shown}`), look);
  await context.onStage(shown, { ...images, labels } satisfies LabeledImages);
}
