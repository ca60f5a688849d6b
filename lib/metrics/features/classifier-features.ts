import type { Images } from '../../core/images.js';
import { type SmallClassifier } from '../../nn/small-classifier.js';
import { imageTensor, tf } from '../../tensor/index.js';
import { weightsChecksum } from '../../nn/parameters.js';
import type { FeatureBatch, FeatureNetwork } from './contract.js';

const batchSize = 500;

/** The features and logits of a small classifier. */
export class ClassifierFeatures implements FeatureNetwork {
  private constructor(
    readonly network: SmallClassifier,
    readonly checksum: string,
  ) {}

  /** Takes the network for good. */
  static async of(network: SmallClassifier): Promise<ClassifierFeatures> {
    return new ClassifierFeatures(network, await weightsChecksum(network.parameters));
  }

  async *batches(images: Images, signal?: AbortSignal): AsyncIterable<FeatureBatch> {
    for (let start = 0; start < images.count; start += batchSize) {
      signal?.throwIfAborted();
      const end = Math.min(images.count, start + batchSize);
      const both = tf.tidy(() => {
        const features = this.network.features(imageTensor(images, start, end));
        return [features, this.network.head(features)];
      });
      const [features, logits] = await Promise.all(both.map((tensor) => tensor.data()));
      tf.dispose(both);
      yield { rows: end - start, features: features as Float32Array, logits: logits as Float32Array };
    }
  }
}
