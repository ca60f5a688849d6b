import { createHash } from 'node:crypto';
import type { ImageShape } from '../../core/images.js';
import { SeededStream } from '../../core/rng.js';
import { Adam } from '../../nn/adam.js';
import { autoencoder } from '../../nn/autoencoder/autoencoder.js';
import { reconstructionLoss } from '../../nn/autoencoder/reconstruction-loss.js';
import { latentUnet } from '../../nn/latent-unet/latent-unet.js';
import { drawNoising, noiseLosses, type LatentNetworks } from '../../nn/latent-diffusion/noise-losses.js';
import { disposeAll, type NetworkParameters } from '../../nn/parameters.js';
import { standardNormal } from '../../nn/samplers/sampling.js';
import { forwardTape } from '../../nn/tape.js';
import type { Beginning, PretrainContext } from '../contract.js';
import { refuseTooFew, trainOnImages } from '../pretraining/train-on-images.js';
import { latentSizes, type LatentParameters, type LatentPublicParameters } from './parameters.js';
import { standardiseLatents } from './standardise-latents.js';

/** Of the parameters what the training on public images depends on. */
export type PublicLatentValues = LatentPublicParameters &
  Pick<LatentParameters, 'network' | 'precision' | 'weightDecay' | 'dropLabel'>;

/** Networks that were trained on public images, with a token for each public class. */
export interface PublicLatents {
  readonly networks: LatentNetworks;
  readonly autoencoder: NetworkParameters;
  readonly unet: NetworkParameters;
}

/** Refuses a public dataset with fewer images than a batch, and images that the networks are not made for. */
export function refuseLatents({ facts, params, publicDataset }: Beginning<PublicLatentValues>): void {
  networksFor(facts.shape, publicDataset!.classes.length, params);
  for (const size of ['autoencoderBatchSize', 'publicBatchSize'] as const)
    refuseTooFew(publicDataset!, size, params[size]);
}

function networksFor(shape: ImageShape, classes: number, params: PublicLatentValues): LatentNetworks {
  const sizes = latentSizes(params, shape);
  const first = autoencoder({ shape, ...sizes.autoencoder });
  return { autoencoder: first, unet: latentUnet({ shape: first.latentShape, classes, ...sizes.unet }) };
}

/**
 * The autoencoder, and then the U-Net of its latents, trained on the public dataset, which costs no budget: the same for all latent
 * methods. The U-Net has no adapters yet.
 */
export async function pretrainLatents(context: PretrainContext<PublicLatentValues>): Promise<PublicLatents> {
  const { facts, params, publicDataset, own } = context;
  const networks = networksFor(facts.shape, publicDataset!.classes.length, params);
  const stream = new SeededStream(params.publicSeed);
  const kept = (parameters: NetworkParameters): NetworkParameters => {
    own({ dispose: () => disposeAll(parameters) });
    return parameters;
  };
  const parameters = {
    autoencoder: kept(networks.autoencoder.initialise(stream.fork('autoencoder'))),
    unet: kept(networks.unet.initialise(stream.fork('U-Net'))),
  };
  await trainAutoencoder(networks, parameters.autoencoder, context);
  await trainUnet(networks, parameters, context);
  return { networks, ...parameters };
}

/** What decides the weights of the autoencoder, beside the images. */
function autoencoderSettings({ autoencoder }: LatentNetworks, params: PublicLatentValues) {
  const { autoencoderSteps, autoencoderBatchSize, autoencoderLearningRate, klWeight } = params;
  const { publicEmaRate, flip, publicSeed, precision } = params;
  return {
    ...{ autoencoder: autoencoder.options, autoencoderSteps, autoencoderBatchSize, autoencoderLearningRate, klWeight },
    ...{ publicEmaRate, flip, publicSeed, precision },
  };
}

async function trainAutoencoder(
  networks: LatentNetworks,
  parameters: NetworkParameters,
  { params, publicDataset, pretrained, own, signal }: PretrainContext<PublicLatentValues>,
): Promise<void> {
  const { autoencoder } = networks;
  const { klWeight, precision } = params;
  const { height, width, channels } = autoencoder.latentShape;
  const dataset = publicDataset!;
  const train = {
    ...{ stage: 'autoencoder', parameters, dataset, precision, own, ...(signal && { signal }) },
    params: {
      ...params,
      publicSteps: params.autoencoderSteps,
      publicBatchSize: params.autoencoderBatchSize,
      publicLearningRate: params.autoencoderLearningRate,
    },
    optimizer: (trained: NetworkParameters) => new Adam(trained, 0.5, 0.9),
    draws: (batch: number, stream: SeededStream) => [standardNormal([batch, height, width, channels], stream)],
  };
  await pretrained.take({
    ...{ of: 'autoencoder', parameters, dataset, settings: autoencoderSettings(networks, params) },
    train: async (checkpoint) => {
      const trained = await trainOnImages({
        ...{ ...train, checkpoint },
        loss: (weights, images, _labels, noise) =>
          reconstructionLoss(autoencoder, weights, { images, noise: noise!, klWeight }),
      });
      if (trained)
        await standardiseLatents(autoencoder, parameters, dataset, new SeededStream(params.publicSeed).fork('latents'));
      return trained;
    },
  });
}

/** SHA-256 over the values of a network. */
async function checksumOf(parameters: NetworkParameters): Promise<string> {
  const hash = createHash('sha256');
  for (const variable of Object.values(parameters)) hash.update(await variable.data());
  return hash.digest('hex');
}

async function trainUnet(
  networks: LatentNetworks,
  { autoencoder: frozen, unet: parameters }: Pick<PublicLatents, 'autoencoder' | 'unet'>,
  { params, publicDataset, pretrained, own, signal }: PretrainContext<PublicLatentValues>,
): Promise<void> {
  const { publicSteps, publicBatchSize, publicLearningRate, weightDecay, dropLabel, precision } = params;
  const dataset = publicDataset!;
  const losses = noiseLosses(networks);
  const settings = {
    ...{ unet: networks.unet.options, publicSteps, publicBatchSize, publicLearningRate, weightDecay, dropLabel },
    on: autoencoderSettings(networks, params),
    // One that was trained again, elsewhere, may have other latents.
    latents: await checksumOf(frozen),
  };
  await pretrained.take({
    ...{ of: 'denoiser of latents', parameters, dataset, settings },
    train: (checkpoint) =>
      trainOnImages({
        ...{ stage: 'denoiser of latents', parameters, frozen, dataset, params, precision, own, checkpoint },
        ...(signal && { signal }),
        draws: drawNoising(networks, { dropProbability: dropLabel }),
        optimizer: (trained) => new Adam(trained, 0.9, 0.999, 1e-8, weightDecay),
        loss: (weights, ...inputs) => losses(forwardTape(weights), ...inputs).mean(),
      }),
  });
}
