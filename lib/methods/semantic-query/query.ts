import { noisyHistogram, type Mechanisms, type PlannedRelease, type Released } from '../../mechanisms/index.js';
import { packingsOf } from '../../nn/classifiers/trained-classifier.js';
import { replay, tf, type Tensor, type Tensor1D, type Tensor4D } from '../../tensor/index.js';
import type { SemanticParameters } from './parameters.js';
import type { SemanticClassifier } from './pretrain-classifier.js';

const release = 'public categories of the private images';

/** A record counts in `categoriesEach` bins of one class: the counts change by the root of that number. */
export function spendsOnCategories(params: SemanticParameters): PlannedRelease {
  return noisyHistogram({
    ...{ of: release, binsPerRecord: params.categoriesEach, noiseMultiplier: params.queryNoiseMultiplier },
  });
}

/**
 * Counts, with noise, in how many records of each private class each public category is among the likeliest: `[classes, categories]`,
 * flat (Li et al. 2024, algorithm 1).
 *
 * The classifier sees each record alone. Beside others the last bits of a logit could depend on which records are in a batch, and one
 * record more could turn the categories of others.
 */
export async function askCategories(
  classifier: SemanticClassifier,
  mechanisms: Pick<Mechanisms, 'histogram'>,
  { categoriesEach }: SemanticParameters,
): Promise<Released<Int32Array>> {
  const { network, weights, statistics, prepare } = classifier;
  const packings = packingsOf(network);
  const compute = (...tensors: Tensor[]): Tensor[] => {
    const [packed, running, images] = tensors as [Tensor1D, Tensor1D, Tensor4D];
    const pass = { weights: packings.weights.unpack(packed), statistics: packings.statistics.unpack(running) };
    return [network.head(network.features(prepare(images), pass), pass)];
  };
  const logits = replay(compute, { name: 'the logits of a record' });
  try {
    return await mechanisms.histogram(release, {
      binsOf: (images) => tf.topk(logits.run([weights, statistics, images])[0]!, categoriesEach).indices,
      bins: network.classes,
      byClass: true,
      batchSize: 1,
    });
  } finally {
    logits.dispose();
  }
}
