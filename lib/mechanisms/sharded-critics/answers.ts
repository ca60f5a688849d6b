import { wassersteinLosses, type Critics, type WassersteinLoss } from '../../nn/critics/critic-group.js';
import type { Weights } from '../../nn/parameters.js';
import { replay, tf, type Replay, type Tensor, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import type { CriticsQuery } from './critics-query.js';

/** A hair below the bound, so that rounding in float32 never leaves a gradient above it. */
const belowBound = 1 - 2 ** -20;

/** Names of a group's parameters and of its state. */
type Names = readonly [parameters: readonly string[], state: readonly string[]];

/** From parameters, state and a batch of each critic to gradients by the parameters. */
export function criticGradient(critics: Critics, loss: WassersteinLoss, [trained, fixed]: Names): Replay {
  return replay(
    (...tensors) => {
      const [real, labels, fake, mix] = tensors.slice(-4) as [Tensor, Tensor, Tensor, Tensor];
      const state = named(fixed, tensors.slice(trained.length));
      const total = (...values: Tensor[]) =>
        wassersteinLosses(critics, { ...named(trained, values), ...state }, { real, labels, fake, mix }, loss)
          .sum()
          .asScalar();
      return tf.grads(total)(tensors.slice(0, trained.length));
    },
    { name: 'critics' },
  );
}

/** From parameters, state, images and labels to each critic's gradient by all images, clipped: `[critics, batch * values]`. */
export function clippedAnswers(
  { critics, seen }: Pick<CriticsQuery, 'critics' | 'seen'>,
  [trained, fixed]: Names,
  { size, clipNorm }: { readonly size: number; readonly clipNorm: number },
): Replay {
  return replay(
    (...tensors) => {
      const [images, labels] = tensors.slice(-2) as [Tensor4D, Tensor2D];
      const weights = named([...trained, ...fixed], tensors);
      const each = (tensor: Tensor) => tf.tile(tensor.expandDims(0), [size, ...tensor.shape.map(() => 1)]);
      const ofEach = each(labels);
      const slopes = tf.grad((x: Tensor) => critics.scores(weights, x, ofEach).sum())(each(images));
      const [batch, ...shape] = images.shape;
      const parts = slopes.reshape<Tensor4D>([size * batch, ...shape]);
      const shown = (seen?.(parts) ?? parts).reshape<Tensor2D>([size, -1]).div(Math.sqrt(batch));
      const lengths = shown.norm('euclidean', 1, true); // [critics, 1]
      // A critic whose gradient is not finite answers zero, as one that nobody may see through.
      const finite = tf.isFinite(lengths);
      const kept = tf.where(finite.broadcastTo(shown.shape), shown, 0);
      const scale = tf.minimum(1, tf.div(clipNorm * belowBound, tf.maximum(lengths, 1e-30)));
      return [kept.mul(tf.where(finite, scale, 0))];
    },
    { name: 'answers of critics' },
  );
}

const named = (names: readonly string[], tensors: readonly Tensor[]): Weights =>
  Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
