import type { SeededStream } from '../../core/rng.js';
import type { PublicFacts } from '../../mechanisms/index.js';
import { autoencoder } from '../../nn/autoencoder/autoencoder.js';
import { initialParameters, valuesOf } from '../../nn/initial-parameters.js';
import { LatentSampler } from '../../nn/latent-diffusion/latent-sampler.js';
import type { LatentNetworks } from '../../nn/latent-diffusion/noise-losses.js';
import { latentUnet, type LatentUnet } from '../../nn/latent-unet/latent-unet.js';
import { parameterNames } from '../../nn/layers/role.js';
import { disposeAll, type NetworkParameters } from '../../nn/parameters.js';
import { tf, type Tensor2D } from '../../tensor/index.js';
import { latentSizes, type LatentParameters } from './parameters.js';
import type { PublicLatents } from './pretrain.js';

/** What a method trains under DP. */
export interface Tuning {
  /** Roles of layers of the U-Net: see `LatentUnet`. */
  readonly roles: readonly string[];
  /** Rank of the adapters; 0 for none. */
  readonly rank: number;
}

const table = 'label.table';

/**
 * The U-Net and the autoencoder of public training with the private classes in the place of the public ones, and adapters if a method
 * has them. The weights that both have are the public model's own.
 */
export class LatentModel {
  readonly networks: LatentNetworks;
  /** Of both networks. */
  readonly parameters: NetworkParameters;
  /** Names of those that are trained privately. */
  readonly trained: readonly string[];
  readonly #new: NetworkParameters;
  readonly #params: LatentParameters;

  constructor(
    { networks, ...known }: PublicLatents,
    { facts, params, stream }: { facts: Pick<PublicFacts, 'classes'>; params: LatentParameters; stream: SeededStream },
    { roles, rank }: Tuning,
  ) {
    this.#params = params;
    const unet = latentUnet({ ...networks.unet.options, classes: facts.classes.length, rank });
    this.networks = { autoencoder: networks.autoencoder, unet };
    const added = unet.layers.filter(({ role }) => role === 'class' || role === 'adapter');
    this.#new = initialParameters(added, stream.fork('weights'));
    this.parameters = { ...known.autoencoder, ...known.unet, ...this.#new };
    if (params.tokens === 'public') this.#takeTokens(known.unet);
    this.trained = parameterNames(unet.layers, { roles });
  }

  /** The trained parameters, and the others. */
  get parts(): { readonly tuned: NetworkParameters; readonly frozen: NetworkParameters } {
    const all = Object.entries(this.parameters);
    const are = (trained: boolean) =>
      Object.fromEntries(all.filter(([name]) => this.trained.includes(name) === trained));
    return { tuned: are(true), frozen: are(false) };
  }

  /** Draws images from the given weights, of the same names. */
  sampler(weights: NetworkParameters): LatentSampler {
    const { samplerSteps, samplerBatch, eta, guidance, precision } = this.#params;
    const options = { steps: samplerSteps, batchSize: samplerBatch, eta, guidance, precision };
    return new LatentSampler(this.networks, weights, options);
  }

  /** What is the model's own: the public model's weights are not. */
  dispose(): void {
    disposeAll(this.#new);
  }

  /** Private class c begins with the token of public class c, as far as there are any. */
  #takeTokens(known: NetworkParameters): void {
    tf.tidy(() => {
      const [from, into] = [known[table]! as unknown as Tensor2D, this.parameters[table]!];
      const [classes, taken] = [into.shape[0]!, Math.min(into.shape[0]!, from.shape[0])];
      const rest = into.slice([taken, 0], [classes - taken, -1]);
      into.assign(tf.concat([from.slice([0, 0], [taken, -1]), rest]));
    });
  }
}

/** How many values DP-SGD puts noise on. */
export function tunedValues(
  params: Pick<LatentParameters, 'network'>,
  { shape, classes }: Pick<PublicFacts, 'shape' | 'classes'>,
  { roles, rank }: Tuning,
): number {
  const unet = privateUnet(params, { shape, classes }, rank);
  return valuesOf(unet.layers.filter(({ role }) => role !== undefined && roles.includes(role)));
}

function privateUnet(
  params: Pick<LatentParameters, 'network'>,
  { shape, classes }: Pick<PublicFacts, 'shape' | 'classes'>,
  rank: number,
): LatentUnet {
  const sizes = latentSizes(params, shape);
  const { latentShape } = autoencoder({ shape, ...sizes.autoencoder });
  return latentUnet({ shape: latentShape, classes: classes.length, ...sizes.unet, rank });
}
