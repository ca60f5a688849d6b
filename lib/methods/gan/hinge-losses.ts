import { tf, type Scalar, type Tensor, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import type { Critic } from '../../nn/critics/critic.js';
import type { Weights } from '../../nn/parameters.js';
import { forwardTape, type ExampleLosses } from '../../nn/tape.js';

/**
 * The critic's loss of each record with the generated image that it is compared with: relu(1 - D(x, y)) + relu(1 + D(g, y'))
 * (the hinge loss: Lim and Ye 2017; Miyato et al. 2018). It is one loss of one record, so that both halves are clipped
 * together: clipped one by one, a record would change the sum by twice the clip norm.
 *
 * Its inputs are images `[records, height, width, channels]` in [0, 1] with one-hot labels, and generated ones of the same shapes;
 * labels of records may have fewer columns.
 *
 * @example
 * await mechanisms.dpSgd('critic', { losses: pairLosses(critic), draws, parameters });   // draws: images and labels
 */
export function pairLosses(critic: Critic): ExampleLosses {
  return (tape, ...inputs) => {
    const [images, labels, fakes, fakeLabels] = inputs as [Tensor, Tensor, Tensor, Tensor];
    const records = images.shape[0]!;
    const missing = fakeLabels.shape[1]! - labels.shape[1]!;
    const known = missing === 0 ? labels : tf.pad(labels, [[0, 0], [0, missing]]); // prettier-ignore
    /** The rows of a record, one after the other. */
    const together = (real: Tensor, fake: Tensor) => tf.stack([real, fake], 1).reshape([-1, ...real.shape.slice(1)]);
    const scores = critic.apply(tape, together(images, fakes), together(known, fakeLabels)).reshape([records, 2]);
    return hinge(scores);
  };
}

/** relu(1 - real) + relu(1 + fake) of scores `[records, 2]`: real, then fake. */
export function hinge(scores: Tensor): Tensor {
  return tf
    .add(1, scores.mul(tf.tensor2d([[-1, 1]])))
    .relu()
    .sum(1);
}

/** The generator's loss: minus the mean score of its images. The critic's weights come by value, in the order of `names`. */
export function generatorLoss(critic: Critic, names: readonly string[]) {
  return (images: Tensor4D, labels: Tensor2D, ...critics: Tensor[]): Scalar => {
    const weights: Weights = Object.fromEntries(names.map((name, i) => [name, critics[i]!]));
    return critic.apply(forwardTape(weights), images, labels).mean().neg().asScalar();
  };
}
