import { check } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import type { SeededStream } from '../../core/rng.js';
import { tf, type Tensor, type Tensor2D } from '../../tensor/index.js';
import { edm, type Preconditioning } from '../edm-preconditioning.js';
import { denoisingLoss, drawSigmas, scaleRows } from '../edm.js';
import type { ExampleLosses } from '../tape.js';
import type { Unet } from './unet.js';

/**
 * The loss of each record as the pixel methods train it (Dockhorn et al. 2023, "Differentially private diffusion models"):
 * the mean over its copies, each with a noise level and a noise of its own. Its inputs are images
 * `[records, height, width, channels]` in [0, 1], one-hot labels `[records, columns]` with at most the network's classes as columns, and
 * what `drawDenoising` gives.
 *
 * @example
 * const losses = denoisingLosses(network);
 * const draws = drawDenoising(network, { copies: 4 });
 * const query = { losses, draws, parameters };   // for DP-SGD; or for public images:
 * const gradient = new ReplayedGradient(parameters, (weights, ...inputs) => losses(forwardTape(weights), ...inputs).mean());
 */
export function denoisingLosses(unet: Unet): ExampleLosses {
  const { classes } = unet.options;
  return (tape, ...inputs) => {
    const [images, labels, scales, noises, dropped] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [records, copies] = noises.shape as [number, number];
    /** The rows of a record, one after the other, from `[records, ...]`. */
    const copied = (x: Tensor): Tensor => {
      const ones = x.shape.slice(1).map(() => 1);
      return x
        .expandDims(1)
        .tile([1, copies, ...ones])
        .reshape([records * copies, ...x.shape.slice(1)]);
    };
    const clean = copied(images.mul(2).sub(1)); // [records copies, height, width, channels]
    const told = classes > 0 ? copied(withoutDropped(labels, dropped, classes)) : undefined;
    const loss = denoisingLoss(
      (noisy, condition) => unet.apply(tape, noisy, condition, told),
      clean,
      noises.reshape(clean.shape),
      scales.reshape([records * copies, scales.shape[2]!]) as Tensor2D,
    );
    return loss.reshape([records, copies]).mean(1);
  };
}

export interface DenoisingDraws {
  /** Copies of a record with other noises, over which its loss is averaged (noise multiplicity). Default 1. */
  readonly copies?: number;
  /** Probability that a record's label is replaced by none, in all its copies. Default 0.1. */
  readonly dropProbability?: number;
  /** Default EDM's. */
  readonly preconditioning?: Preconditioning;
}

/**
 * Draws the random inputs of `denoisingLosses` for so many records: the scales of their noise levels `[records, copies, 7]`, noises
 * `[records, copies, height, width, channels]` and whether the label is dropped `[records]` (1 or 0).
 *
 * @throws OptionError when copies is no whole number above 0 or the probability is outside [0, 1].
 */
export function drawDenoising(unet: Unet, options: DenoisingDraws = {}) {
  const { copies = 1, dropProbability = 0.1, preconditioning = edm } = options;
  check('count', 'drawDenoising', { copies });
  if (!(dropProbability >= 0 && dropProbability <= 1))
    throw new OptionError({
      asked: 'drawDenoising',
      wrong: 'dropProbability is out of range',
      got: dropProbability,
      expected: 'a number from 0 to 1',
    });
  const { height, width, channels } = unet.options.shape;
  return (records: number, stream: SeededStream): Tensor[] =>
    tf.tidy(() => {
      const rows = records * copies;
      const noises = new Float32Array(rows * height * width * channels);
      stream.fillNormal(noises);
      const dropped = Float32Array.from({ length: records }, () => Number(stream.uniform() < dropProbability));
      return [
        scaleRows(preconditioning, drawSigmas(preconditioning, rows, stream)).reshape([records, copies, -1]),
        tf.tensor(noises, [records, copies, height, width, channels]),
        tf.tensor1d(dropped),
      ];
    });
}

/** One-hot labels `[records, classes + 1]` whose last column says that there is none. */
function withoutDropped(labels: Tensor, dropped: Tensor, classes: number): Tensor {
  const none = dropped.reshape([-1, 1]);
  const kept = labels.mul(tf.sub(1, none)) as Tensor2D; // [records, columns]
  return tf.concat(
    [
      kept.pad([
        [0, 0],
        [0, classes - labels.shape[1]!],
      ]),
      none,
    ],
    1,
  );
}
