import type { SeededStream } from '../../core/rng.js';
import type { PublicFacts } from '../../mechanisms/index.js';
import { DiffusionSampler } from '../../nn/diffusion-sampler.js';
import { edm, edmTrainedAround } from '../../nn/edm-preconditioning.js';
import { valuesOf } from '../../nn/initial-parameters.js';
import { disposeAll, type NetworkParameters } from '../../nn/parameters.js';
import { denoisingLosses, drawDenoising } from '../../nn/unet/denoising-losses.js';
import { unet, type Unet } from '../../nn/unet/unet.js';
import type { FitContext } from '../contract.js';
import { networkSize, type DiffusionParameters } from './parameters.js';

/** What the network and its sampler take of the parameters, whoever trains it. */
export type ModelParameters = Pick<
  DiffusionParameters,
  | 'network'
  | 'dropLabel'
  | 'medianNoise'
  | 'sampler'
  | 'samplerSteps'
  | 'samplerBatch'
  | 'churn'
  | 'churnFrom'
  | 'guidance'
  | 'precision'
>;

/** The highest noise level that gets fresh noise while sampling: S_max of EDM. */
const highest = 50;

/** A denoiser of images with classes: the network, its weights, and what draws images from it. */
export class DiffusionModel {
  readonly network: Unet;
  readonly parameters: NetworkParameters;
  readonly #params: ModelParameters;

  /** @param labels rows of the label table without the one for "no label"; at least the private classes. */
  constructor(facts: Pick<PublicFacts, 'shape'>, params: ModelParameters, labels: number, stream: SeededStream) {
    this.#params = params;
    this.network = unet({ shape: facts.shape, classes: labels, ...networkSize(params, facts.shape) });
    this.parameters = this.network.initialise(stream.fork('weights'));
  }

  /** Losses and random inputs of records with so many noisy copies, for public and private training alike. */
  denoising(copies: number) {
    const { network } = this;
    const { dropLabel, medianNoise } = this.#params;
    const preconditioning = edmTrainedAround(medianNoise);
    const draws = drawDenoising(network, { copies, dropProbability: dropLabel, preconditioning });
    return { losses: denoisingLosses(network), draws };
  }

  /** Draws images from the given weights, of the same names: the averages of training, as a rule. */
  sampler(weights: NetworkParameters): DiffusionSampler {
    const { sampler, samplerSteps, samplerBatch, churn, churnFrom, guidance, precision } = this.#params;
    return new DiffusionSampler(this.network, weights, {
      ...{ preconditioning: edm, sampler, guidance, precision },
      steps: samplerSteps,
      batchSize: samplerBatch,
      ...(churn > 0 && churnFrom <= highest && { churn: { amount: churn, sigmaFrom: churnFrom, sigmaTo: highest } }),
    });
  }

  dispose(): void {
    disposeAll(this.parameters);
  }
}

/** Weights of the denoiser for images of a shape with so many labels: what DP-SGD puts noise on. */
export function denoiserValues(
  params: Pick<DiffusionParameters, 'network'>,
  { shape }: Pick<PublicFacts, 'shape'>,
  labels: number,
): number {
  return valuesOf(unet({ shape, classes: labels, ...networkSize(params, shape) }).layers);
}

export type DiffusionContext = FitContext<DiffusionParameters>;
