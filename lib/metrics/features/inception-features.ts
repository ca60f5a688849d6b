import type { Images } from '../../core/images.js';
import { ProgressTask } from '../../core/progress.js';
import { publishedFile, type PublishedFile } from '../../data/published-file.js';
import { InceptionV3, type InceptionOptions } from '../../nn/inception-v3/inception-v3.js';
import { tf } from '../../tensor/index.js';
import type { FeatureBatch, FeatureExtractor, FeatureNetwork } from './contract.js';
import { imageBatch } from './image-batch.js';
import { openOnce } from './open-once.js';

/**
 * TensorFlow's Inception graph of 2015-12-05 as a PyTorch state dict, made for pytorch-fid. torch-fidelity publishes the same bytes
 * under another name. Apache 2.0.
 */
export const inceptionWeights: PublishedFile = {
  name: 'pt_inception-2015-12-05-6726825d.pth',
  title: 'weights of the FID Inception',
  url: 'https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth',
  sha256: '6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2',
  bytes: 95_628_359,
};

/** As fast as larger batches, at about 1.5 GB of memory. */
const fastBatch = 32;

/** The features and logits of the FID Inception. */
export class InceptionFeatures implements FeatureNetwork {
  private constructor(
    readonly network: InceptionV3,
    readonly batchSize: number,
  ) {}

  /** From a file with the published names. The weights stay until `network.dispose()`. */
  static async load(path: string, options: InceptionOptions, batchSize = fastBatch): Promise<InceptionFeatures> {
    return new InceptionFeatures(await InceptionV3.load(path, options), batchSize);
  }

  get checksum(): string {
    return this.network.checksum;
  }

  async *batches(images: Images, signal?: AbortSignal): AsyncIterable<FeatureBatch> {
    const { batchSize } = this;
    const task = new ProgressTask('Inception features', images.count, signal);
    for (let start = 0; start < images.count; start += batchSize) {
      await task.pause();
      const rows = Math.min(batchSize, images.count - start);
      yield { rows, ...(await this.#batch(images, start, rows)) };
      task.report({ step: start + rows });
    }
    task.done();
  }

  async #batch(images: Images, start: number, rows: number) {
    const { data, height, width, channels } = imageBatch(images, start, rows);
    const bytes = tf.tensor4d(Float32Array.from(data), [rows, height, width, channels]);
    const outputs = this.network.run(bytes);
    bytes.dispose();
    try {
      const [features, logits] = await Promise.all([outputs.features.data(), outputs.logits.data()]);
      return { features: features as Float32Array, logits: logits as Float32Array };
    } finally {
      tf.dispose([outputs.features, outputs.logits]);
    }
  }
}

/** `open` of an extractor: the published weights, found or downloaded, behind one way to make images fit. */
export function openInception(options: InceptionOptions): FeatureExtractor['open'] {
  return openOnce(async (signal) =>
    InceptionFeatures.load(await publishedFile({ ...inceptionWeights, signal }), options),
  );
}
