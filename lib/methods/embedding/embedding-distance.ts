import { areVectors, type RecordFeatures } from '../../mechanisms/index.js';
import { tf, type Scalar, type Tensor2D } from '../../tensor/index.js';
import { distanceOfProducts } from './distance-of-products.js';

/**
 * Unbiased estimate, from features of a batch with at least two images of each class, of the squared Frobenius distance
 * between the generator's mean embedding and the target `[features, classes]` (Gretton et al. 2012, Lemma 6, class by class).
 * Classes without an image in the batch are left out.
 *
 * The distance of the batch's own mean is larger by the variance of that mean, so a generator trained on it lowers the
 * variance: its images of one class grow alike, and the embedding that is then too long is balanced by blotches.
 *
 * @param features of the generated images, `[batch, features]` or outer products that stand for them.
 * @param labels one-hot, `[batch, classes]`.
 * @param parts classes that the target's mass is divided among: a class has the share 1 / parts of the generated images.
 */
export function embeddingDistance(features: RecordFeatures, labels: Tensor2D, target: Tensor2D, parts: number): Scalar {
  if (!areVectors(features)) return distanceOfProducts(features, labels, target, parts);
  const counts = labels.sum(0); // [classes]
  const present = counts.greater(0).cast('float32'); // [classes]
  const sums = features.matMul(labels, true, false); // [features, classes]
  // |sum|^2 counts each image with itself too.
  const themselves = features.square().sum(1, true).mul(labels).sum(0); // [classes]
  const pairs = sums
    .square()
    .sum(0)
    .sub(themselves)
    .div(tf.maximum(counts.mul(counts.sub(1)), 1)); // [classes]: squared norm of the mean
  const inner = sums.mul(target).sum(0).div(tf.maximum(counts, 1)); // [classes]
  const rest = target.square().sum(0).mul(present).sum(); // of the classes that are present
  return pairs
    .div(parts ** 2)
    .sub(inner.mul(2 / parts))
    .sum()
    .add(rest);
}
