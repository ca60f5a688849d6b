import { tf, type Tensor1D, type Tensor2D, type Tensor3D } from '../../tensor/index.js';

/**
 * The `votes` nearest images of each record among those of its own class, nearest first; of equally near ones that with the
 * lowest number, so that each record casts exactly so many votes.
 *
 * @param records embeddings `[records, size]`, one-hot labels `[records, classes]`.
 * @param candidates embeddings `[classes * bins, size]`, class after class.
 * @returns numbers within the class, int32 `[records, votes]`; they belong to the caller.
 */
export function nearestOfOwnClass(
  records: { readonly embeddings: Tensor2D; readonly labels: Tensor2D },
  candidates: Tensor2D,
  votes: number,
): Tensor2D {
  return tf.tidy(() => {
    const [count, classes] = records.labels.shape;
    const bins = candidates.shape[0] / classes;
    // |s|² - 2 r s: the squared distance but for |r|², which is the same for all candidates.
    const norms = candidates.square().sum(1) as Tensor1D;
    const products = records.embeddings.matMul(candidates, false, true); // [records, classes * bins]
    const distances = norms.sub(products.mul(2)).reshape([count, classes, bins]) as Tensor3D;
    const own = distances.mul(records.labels.expandDims(2)).sum(1); // [records, bins]
    return tf.topk(own.neg(), votes).indices as Tensor2D;
  });
}
