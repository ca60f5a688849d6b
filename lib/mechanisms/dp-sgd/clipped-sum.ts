import { OptionError } from '../../core/errors.js';
import { withExampleGradients, type ExampleLosses } from '../../nn/tape.js';
import type { Weights } from '../../nn/parameters.js';
import { tf, type Scalar, type Tensor, type Tensor1D } from '../../tensor/index.js';

export interface ClippedSumOptions {
  readonly losses: ExampleLosses;
  readonly weights: Weights;
  /** Names of the weights to find gradients for; the others are frozen and cost nothing. */
  readonly trained: readonly string[];
  /** Largest Euclidean norm of one example's gradient over all trained weights together. */
  readonly clipNorm: number | Scalar;
  /** `[batch, ...]` each: row b of all of them is example b. */
  readonly inputs: readonly Tensor[];
  /** `[batch]`: 1 for an example, 0 for a row that only fills the batch up. */
  readonly mask: Tensor1D;
}

/** Norms are clipped to a hair below the bound, so that rounding in float32 never leaves one above it. */
const belowBound = 1 - 2 ** -20;

/**
 * The sum over examples of min(1, clipNorm / |g|) g, where g is the example's gradient by all trained weights laid end to
 * end (Abadi et al. 2016, Algorithm 1), in the order of `trained`; and the examples' squared norms `[batch]`, by which the
 * caller finds gradients that are not finite: those make the sum not finite.
 * One example changes the sum by at most clipNorm: the norm that clips is that of the float32 gradients that are summed.
 *
 * The result has NO NOISE yet: it is as private as the data itself. Nothing outside this folder may call this or be handed
 * what it returns; only the mechanism here that adds the noise and writes the ledger takes it further.
 *
 * All is done with tensor ops, so that it can be recorded by `replay`. The caller disposes the tensors.
 *
 * @throws OptionError when the mask's length is not the batch's, and as `withExampleGradients`.
 */
export function clippedSum({ losses, weights, trained, clipNorm, inputs, mask }: ClippedSumOptions): {
  readonly sums: Tensor[];
  readonly squaredNorms: Tensor1D;
} {
  const batch = inputs[0]?.shape[0];
  if (mask.shape.length !== 1 || mask.shape[0] !== batch)
    throw new OptionError({
      asked: 'clippedSum',
      wrong: 'the mask has another length than the batch',
      got: mask.shape,
      expected: `shape [${batch}]`,
    });
  const [squaredNorms, ...sums] = withExampleGradients(losses, { weights, trained, inputs }, (gradients) => {
    const squaredNorms = tf.addN([...gradients.values()].map((gradient) => gradient.squaredNorms()));
    // A gradient of zeros has the coefficient min(1, infinity) = 1.
    const coefficients = tf.minimum(1, squaredNorms.rsqrt().mul(tf.mul(clipNorm, belowBound))).mul<Tensor1D>(mask);
    return [squaredNorms, ...[...gradients.values()].map((gradient) => gradient.weightedSum(coefficients))];
  });
  return { sums, squaredNorms: squaredNorms as Tensor1D };
}
