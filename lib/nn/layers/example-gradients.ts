import { inFullPrecision, tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor3D } from '../../tensor/index.js';
import type { ExampleGradients } from './layer.js';

/*
 * In a graph of bfloat16 the norms and the weighted sums stay float32, and both are of the same gradients: else a clipped
 * gradient would be longer than its bound by what is rounded, and a sum would be rounded by a share of all its examples.
 */

/** Gradients that are there in full, as pieces `[batch, ...]` that laid end to end are the parameter. */
export function materialised(pieces: readonly Tensor[], shape: readonly number[]): ExampleGradients {
  const batch = pieces[0]!.shape[0]!;
  const rows = pieces.map((piece) => piece.reshape([batch, piece.size / batch]) as Tensor2D);
  return {
    all: () => tf.concat(rows, 1).reshape([batch, ...shape]),
    squaredNorms: () => tf.addN(rows.map((row) => row.square().sum<Tensor1D>(1))),
    weightedSum: (coefficients) => {
      const weights = coefficients.reshape([1, batch]) as Tensor2D;
      return inFullPrecision(() =>
        tf.concat(
          rows.map((row) => weights.matMul(row)),
          1,
        ),
      ).reshape([...shape]);
    },
  };
}

/**
 * The gradients of a matrix that multiplies vectors: for each example the sum over positions t of
 * `input[t] outputGradient[t]^T`, from inputs `[batch, positions, in]` and output gradients `[batch, positions, out]`.
 *
 * With few positions the norms come from the two Gram matrices of positions and no gradient is ever written down (the ghost
 * norm: Goodfellow 2015; Li et al. 2022, "Large language models can be strong differentially private learners", section 4).
 */
export function ofProduct(input: Tensor3D, outputGradient: Tensor3D, shape: readonly number[]): ExampleGradients {
  const [batch, positions, inputs] = input.shape;
  const outputs = outputGradient.shape[2];
  const full = () => materialised([tf.matMul(input, outputGradient, true)], shape);
  if (!ghostIsCheaper(positions, inputs, outputs)) return full();
  return {
    all: () => full().all(),
    squaredNorms: () => ghostNorms(input, outputGradient),
    weightedSum: (coefficients) => {
      const weighted = outputGradient.mul(coefficients.reshape([batch, 1, 1])).reshape([batch * positions, outputs]);
      const rows = input.reshape([batch * positions, inputs]) as Tensor2D;
      return inFullPrecision(() => tf.matMul(rows, weighted as Tensor2D, true)).reshape([...shape]);
    },
  };
}

/**
 * Whether two Gram matrices `[positions, positions]` cost less than a gradient `[in, out]` that is written, squared and
 * summed. A multiplication in a product takes about 1/64 of the time of one value that goes through memory.
 */
export function ghostIsCheaper(positions: number, inputs: number, outputs: number): boolean {
  return positions ** 2 * (inputs + outputs) < 64 * inputs * outputs;
}

/**
 * |sum_t a_t d_t^T|^2 = sum_{s,t} (a_s . a_t)(d_s . d_t). Where the terms cancel, rounding could make that too small and an
 * example would be clipped too little; so the unit roundoff times |a|^2 |d|^2 is added, which covers that error and is
 * below 1e-5 of the result where nothing cancels.
 */
function ghostNorms(input: Tensor3D, outputGradient: Tensor3D): Tensor1D {
  const squared = (x: Tensor3D) => x.square().sum<Tensor1D>([1, 2]);
  const bound = squared(input).mul(squared(outputGradient));
  if (input.shape[1] === 1) return bound as Tensor1D; // exact: one position
  const gram = (x: Tensor3D) => inFullPrecision(() => tf.matMul(x, x, false, true)); // [batch, positions, positions]
  return gram(input)
    .mul(gram(outputGradient))
    .sum<Tensor1D>([1, 2])
    .relu()
    .add(bound.mul(2 ** -24));
}
