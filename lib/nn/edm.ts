import { check } from '../core/check.js';
import { OptionError } from '../core/errors.js';
import type { RandomStream } from '../core/rng.js';
import { tf, type Tensor, type Tensor1D, type Tensor2D } from '../tensor/index.js';
import type { Preconditioning } from './edm-preconditioning.js';
import type { Denoiser } from './samplers/denoiser.js';

/**
 * The network inside a denoiser: scaled noisy images `[rows, …]`, one number for the noise level of each row `[rows]`, one
 * label a row (int32 `[rows]`; absent without classes). It gives back the shape of the images.
 */
export type Network = (images: Tensor, condition: Tensor1D, labels?: Tensor1D) => Tensor;

/** Order of the columns of `scaleRows`. */
const columns = ['sigma', 'skip', 'output', 'input', 'condition', 'targetImage', 'targetNoise'] as const;
type Column = (typeof columns)[number];

/**
 * All that loss and denoiser need to know of the noise level of each row, as one tensor `[rows, 7]` that can be an argument of
 * a recorded graph. The factors are formed in double precision: in float32 alone `1 - skip` at sigma 0.002 would have two digits.
 *
 * @throws OptionError when a sigma is not above 0.
 */
export function scaleRows(preconditioning: Preconditioning, sigmas: ArrayLike<number>): Tensor2D {
  const values = new Float32Array(sigmas.length * columns.length);
  for (let row = 0; row < sigmas.length; row++) {
    const sigma = sigmas[row]!;
    check('positive', 'scaleRows', { sigma });
    const { skip, output, input, condition } = preconditioning.scales(sigma);
    // The F that would denoise x + sigma n perfectly: (x - skip (x + sigma n)) / output.
    const [targetImage, targetNoise] = [(1 - skip) / output, (-skip * sigma) / output];
    values.set([sigma, skip, output, input, condition, targetImage, targetNoise], row * columns.length);
  }
  return tf.tensor2d(values, [sigmas.length, columns.length]);
}

/** Noise levels for training, one a row, as the preconditioning has them drawn. */
export function drawSigmas(preconditioning: Preconditioning, count: number, stream: RandomStream): Float64Array {
  return Float64Array.from({ length: count }, () => preconditioning.draw(stream));
}

/** One column of the scales, shaped to multiply images `[rows, …]`. */
function column(scales: Tensor2D, name: Column, rank: number): Tensor {
  const values = scales.slice([0, columns.indexOf(name)], [-1, 1]);
  return values.reshape([scales.shape[0], ...Array<number>(rank - 1).fill(1)]);
}

/**
 * D(x; sigma): the network's guess of the clean images.
 *
 * @param noisy images with noise, `[rows, …]`, clean values in [-1, 1].
 * @param scales `[rows, 7]` of `scaleRows`.
 * @returns the shape of `noisy`; belongs to the caller.
 */
export function denoise(network: Network, noisy: Tensor, scales: Tensor2D, labels?: Tensor1D): Tensor {
  return tf.tidy(() => {
    const factor = (name: Column) => column(scales, name, noisy.rank);
    const output = network(noisy.mul(factor('input')), column(scales, 'condition', 1) as Tensor1D, labels);
    return noisy.mul(factor('skip')).add(output.mul(factor('output')));
  });
}

/**
 * The training loss of each row, `[rows]`: mean over its values of lambda(sigma) (D(x + sigma n) - x)². As lambda c_out² = 1
 * it is formed as (F - target)² with weight 1: lambda alone reaches 250,000, which costs float32 its digits.
 *
 * @param images clean images `[rows, …]` in [-1, 1].
 * @param noise standard normal numbers of that shape.
 * @example
 * const scales = scaleRows(edm, drawSigmas(edm, rows, stream));
 * const loss = tf.tidy(() => denoisingLoss(network, images, noise, scales, labels).mean());
 */
export function denoisingLoss(
  network: Network,
  images: Tensor,
  noise: Tensor,
  scales: Tensor2D,
  labels?: Tensor1D,
): Tensor1D {
  return tf.tidy(() => {
    const factor = (name: Column) => column(scales, name, images.rank);
    const noisy = images.add(noise.mul(factor('sigma')));
    const target = images.mul(factor('targetImage')).add(noise.mul(factor('targetNoise')));
    const output = network(noisy.mul(factor('input')), column(scales, 'condition', 1) as Tensor1D, labels);
    const rows = images.shape[0]!;
    return output.sub(target).square().reshape([rows, -1]).mean(1) as Tensor1D;
  });
}

/** The denoiser that the samplers take, from a network and its preconditioning. */
export function denoiserOf(network: Network, preconditioning: Preconditioning): Denoiser {
  return (noisy, sigma, labels) =>
    tf.tidy(() => {
      const scales = scaleRows(preconditioning, Array<number>(noisy.shape[0]!).fill(sigma));
      return denoise(network, noisy, scales, labels);
    });
}

/**
 * Replaces each label by the null label with the given probability, so that one network learns with and without classes
 * (Ho and Salimans 2022). One coin a record: copies of a record share its label. Dropping all labels (probability 1) gives
 * the null label too, where the reference gives class 0, and always `nullLabel`, where the reference takes a genuine public
 * class when the table of labels is larger than the private classes.
 *
 * @param options `nullLabel`: the last row of the label table, that is the number of classes it was made for.
 * @throws OptionError when the probability is outside [0, 1] or a label is not below `nullLabel`.
 */
export function dropLabels(
  labels: ArrayLike<number>,
  { probability, nullLabel, stream }: { probability: number; nullLabel: number; stream: RandomStream },
): Int32Array {
  if (!(probability >= 0 && probability <= 1))
    throw new OptionError({
      asked: 'dropLabels',
      wrong: 'probability is out of range',
      got: probability,
      expected: 'a number from 0 to 1',
    });
  return Int32Array.from(labels, (label) => {
    if (!(Number.isInteger(label) && label >= 0 && label < nullLabel))
      throw new OptionError({
        asked: 'dropLabels',
        wrong: 'a label is not a class',
        got: label,
        expected: `a whole number from 0 to ${nullLabel - 1}`,
      });
    return stream.uniform() < probability ? nullLabel : label;
  });
}
