import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import type { SeededStream } from '../../core/rng.js';
import { tf, type Tensor } from '../../tensor/index.js';
import type { Autoencoder } from '../autoencoder/autoencoder.js';
import { drawLatents } from '../autoencoder/posterior.js';
import type { LatentUnet } from '../latent-unet/latent-unet.js';
import type { ExampleLosses } from '../tape.js';
import { scheduleSteps, signalShares } from './noise-schedule.js';

/** The two networks of latent diffusion; parameters of both are one dictionary. */
export interface LatentNetworks {
  readonly autoencoder: Autoencoder;
  readonly unet: LatentUnet;
}

/**
 * The loss of each record as the latent methods train it (Rombach et al. 2022, equation 2): the mean over its copies, each with latents
 * drawn anew from its posterior, a time and a noise of its own, of the squared error of the noise that the U-Net guesses. Its inputs
 * are images `[records, height, width, channels]` in [0, 1], one-hot labels `[records, columns]` with at most the network's classes
 * as columns, and what `drawNoising` gives.
 *
 * The encoder is a part of it, so that it sees each record by itself; when none of its weights is trained, no gradient runs
 * through it. It runs once a record, whatever the copies.
 *
 * @example
 * const losses = noiseLosses({ autoencoder, unet });
 * const trained = parameterNames(unet.layers, { roles: ['transformer', 'class'] });
 * const query = { losses, draws: drawNoising({ autoencoder, unet }, { copies: 1 }), parameters, trained };   // for DP-SGD
 */
export function noiseLosses({ autoencoder, unet }: LatentNetworks): ExampleLosses {
  const { classes } = unet.options;
  return (tape, ...inputs) => {
    const [images, labels, posteriorNoise, noise, times, kept] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]; // prettier-ignore
    const [records, copies, ...latent] = noise.shape as [number, number, ...number[]];
    const rows = records * copies;
    /** The rows of a record, one after the other, from `[records, ...]`. */
    const copied = (x: Tensor): Tensor => {
      const ones = x.shape.slice(1).map(() => 1);
      const apart = x.expandDims(1).tile([1, copies, ...ones]); // [records, copies, ...]
      return apart.reshape([rows, ...x.shape.slice(1)]);
    };
    const { mean, logVariance } = autoencoder.encode(tape, images);
    const posterior = { mean: copied(mean), logVariance: copied(logVariance) };
    const latents = drawLatents(posterior, posteriorNoise.reshape([rows, ...latent])); // [rows, height, width, channels]
    const column = (place: number) => times.reshape([rows, 3]).slice([0, place], [-1, 1]);
    const [signal, deviation] = [column(1).reshape([rows, 1, 1, 1]), column(2).reshape([rows, 1, 1, 1])];
    const target = noise.reshape(latents.shape);
    const noisy = latents.mul(signal).add(target.mul(deviation));
    const told = copied(padded(labels.mul(kept.reshape([-1, 1])), classes)); // [rows, classes]
    const guess = unet.apply(tape, noisy, column(0).reshape([rows]), told);
    return guess.sub(target).square().reshape([records, -1]).mean(1);
  };
}

export interface NoisingDraws {
  /** Copies of a record with other latents, times and noises, over which its loss is averaged before it is clipped. Default 1. */
  readonly copies?: number;
  /** Probability that a record is trained on without its label, in all its copies. Default 0. */
  readonly dropProbability?: number;
}

/**
 * Draws the random inputs of `noiseLosses` for so many records: the noise of the posterior and that of the diffusion, each
 * `[records, copies, …latent shape]`; times with the factors of latents and noise there `[records, copies, 3]`; and whether the label is
 * kept `[records]` (1 or 0).
 *
 * @throws OptionError when copies is no whole number above 0 or the probability is outside [0, 1].
 */
export function drawNoising({ autoencoder }: LatentNetworks, options: NoisingDraws = {}) {
  const { copies = 1, dropProbability = 0 } = options;
  check('count', 'drawNoising', { copies });
  if (!(dropProbability >= 0 && dropProbability <= 1))
    throw new OptionError({
      asked: 'drawNoising',
      wrong: 'dropProbability is out of range',
      got: dropProbability,
      expected: 'a number from 0 to 1',
    });
  const { height, width, channels } = autoencoder.latentShape;
  const shares = signalShares();
  return (records: number, stream: SeededStream): Tensor[] =>
    tf.tidy(() => {
      const rows = records * copies;
      const normal = () => {
        const values = new Float32Array(rows * height * width * channels);
        stream.fillNormal(values);
        return tf.tensor(values, [records, copies, height, width, channels]);
      };
      const times = Array.from({ length: rows }, () => {
        const time = stream.integer(scheduleSteps);
        return [time, Math.sqrt(shares[time]!), Math.sqrt(1 - shares[time]!)];
      });
      const kept = Float32Array.from({ length: records }, () => Number(stream.uniform() >= dropProbability));
      return [normal(), normal(), tf.tensor(times.flat(), [records, copies, 3]), tf.tensor1d(kept)];
    });
}

/** One-hot rows with columns of zeros for the classes that they do not have. */
function padded(labels: Tensor, classes: number): Tensor {
  return labels.pad([[0, 0], [0, classes - labels.shape[1]!]]); // prettier-ignore
}
