import type { Tensor, Tensor1D, Tensor2D } from '../../tensor/index.js';
import { tf } from '../../tensor/index.js';
import type { SeededStream } from '../../core/rng.js';
import type { NetworkParameters, Weights } from '../parameters.js';

/** Weights of critics that are trained side by side, each on data of its own. */
export interface CriticGroup {
  readonly parameters: NetworkParameters;
  /** What training carries beside them without a gradient; `{}` for most. */
  readonly state: NetworkParameters;
  /** Brings `state` up to date; once before each step. */
  advance(): void;
  dispose(): void;
}

/** Networks that score images, high for real, many of the same form in one computation. */
export interface Critics {
  /** So many critics before training. */
  newGroup(size: number, stream: SeededStream): CriticGroup;
  /**
   * Scores `[critics, batch]` by weights of a group: images `[critics, batch, height, width, channels]` in [0, 1], one-hot labels
   * `[critics, batch, classes]`. A critic's scores depend on its own images and weights only, and can be differentiated twice.
   */
  scores(weights: Weights, images: Tensor, labels: Tensor): Tensor2D;
}

/** What a Wasserstein critic is trained on: `[critics, batch, …]` each. */
export interface CriticBatch {
  /** `[critics, batch, height, width, channels]` in [0, 1]. */
  readonly real: Tensor;
  /** One-hot, `[critics, batch, classes]`: of the real images, which the generated ones share. */
  readonly labels: Tensor;
  readonly fake: Tensor;
  /** Uniform in [0, 1], `[critics, batch, 1, 1, 1]`: the place between real and fake where the slope is held. */
  readonly mix: Tensor;
}

export interface WassersteinLoss {
  /** Weight of the squared distance of slopes to 1. */
  readonly penalty: number;
  /** Weight of squared scores of real images, which keeps them near 0. */
  readonly drift: number;
}

/**
 * Losses of Wasserstein critics with gradient penalty, `[critics]` (Gulrajani et al. 2017, algorithm 1; the drift term is that
 * of Karras et al. 2018): mean D(fake) - mean D(real) + penalty mean (|dD/dx| - 1)^2 + drift mean D(real)^2.
 */
export function wassersteinLosses(
  critics: Pick<Critics, 'scores'>,
  weights: Weights,
  { real, labels, fake, mix }: CriticBatch,
  { penalty, drift }: WassersteinLoss,
): Tensor1D {
  const between = real.mul(mix).add(fake.mul(tf.sub(1, mix)));
  const slopes = tf.grad((x: Tensor) => critics.scores(weights, x, labels).sum())(between); // [critics, batch, height, …]
  const lengths = slopes.square().sum([2, 3, 4]).add(1e-12).sqrt(); // [critics, batch]
  const ofReal = critics.scores(weights, real, labels);
  const ofFake = critics.scores(weights, fake, labels);
  return ofFake
    .mean(1)
    .sub(ofReal.mean(1))
    .add(lengths.sub(1).square().mean(1).mul(penalty))
    .add(ofReal.square().mean(1).mul(drift)) as Tensor1D;
}
