import type { Images } from '../../core/images.js';
import type { SmallClassifier } from '../../nn/small-classifier.js';
import { imageTensor, tf } from '../../tensor/index.js';
import { weightsChecksum } from '../../nn/parameters.js';
import type { FeatureBatch, FeatureNetwork } from './contract.js';
import { imageBatch } from './image-batch.js';

const batchSize = 500;

/** The features and logits of a small classifier. */
export class ClassifierFeatures implements FeatureNetwork {
  private constructor(
    readonly network: SmallClassifier,
    readonly checksum: string,
    readonly prepare: (images: Images) => Images,
  ) {}

  /** Takes the network for good. `prepare` makes images fit it, a batch at a time. */
  static async of(network: SmallClassifier, prepare = (images: Images) => images): Promise<ClassifierFeatures> {
    return new ClassifierFeatures(network, await weightsChecksum(network.parameters), prepare);
  }

  async *batches(images: Images, signal?: AbortSignal): AsyncIterable<FeatureBatch> {
    for (let start = 0; start < images.count; start += batchSize) {
      signal?.throwIfAborted();
      const rows = Math.min(batchSize, images.count - start);
      const batch = this.prepare(imageBatch(images, start, rows));
      const both = tf.tidy(() => {
        const features = this.network.features(imageTensor(batch));
        return [features, this.network.head(features)];
      });
      const [features, logits] = await Promise.all(both.map((tensor) => tensor.data()));
      tf.dispose(both);
      yield { rows, features: features as Float32Array, logits: logits as Float32Array };
    }
  }
}
