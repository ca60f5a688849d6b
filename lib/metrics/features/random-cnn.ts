import type { Images } from '../../core/images.js';
import { SeededStream } from '../../core/rng.js';
import { heNormal, weightsChecksum, type NetworkParameters } from '../../nn/parameters.js';
import { imageTensor, tf, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import type { FeatureBatch, FeatureExtractor, FeatureNetwork } from './contract.js';
import { imageBatch } from './image-batch.js';
import { openOnce } from './open-once.js';

const widths = [32, 64, 128];
const size = 128;
const batchValues = 2 ** 20;

/**
 * The means over all places of the last layer of a network that nobody has trained: three 3 x 3 convolutions with halving between
 * them. Random features see edges and colours of images of any size; they know no objects. For what no trained network is
 * made for, and to see how much of a score is owed to training.
 */
export const randomCnn: FeatureExtractor<'random-cnn'> = {
  id: 'random-cnn',
  name: 'random-cnn (128 features, random weights, seed 0)',
  size,
  preprocessing: 'grey copied to 3 channels; bytes divided by 127.5, minus 1',
  source:
    'random convolutional features after Naeem et al. 2020, arXiv 2002.09797, with a small network in place of VGG16',
  accepts: ({ channels }) => channels === 1 || channels === 3,
  open: openOnce(async () => {
    const stream = new SeededStream(0).fork('random-cnn');
    const layers = widths.map((outputs, i): [string, number[]] => [`conv${i}`, [3, 3, widths[i - 1] ?? 3, outputs]]);
    const parameters = Object.fromEntries(
      layers.map(([name, shape]) => [name, heNormal(shape, 9 * shape[2]!, stream.fork(name))]),
    );
    return new RandomFeatures(parameters, await weightsChecksum(parameters));
  }),
};

class RandomFeatures implements FeatureNetwork {
  constructor(
    readonly parameters: NetworkParameters,
    readonly checksum: string,
  ) {}

  async *batches(images: Images, signal?: AbortSignal): AsyncIterable<FeatureBatch> {
    const batchSize = Math.max(1, Math.floor(batchValues / (images.height * images.width * widths[0]!)));
    for (let start = 0; start < images.count; start += batchSize) {
      signal?.throwIfAborted();
      const rows = Math.min(batchSize, images.count - start);
      const pooled = tf.tidy(() => this.#features(imageTensor(imageBatch(images, start, rows))));
      const features = (await pooled.data()) as Float32Array;
      pooled.dispose();
      yield { rows, features };
    }
  }

  /** Images `[batch, height, width, 1 or 3]` in [0, 1] to `[batch, 128]`. */
  #features(images: Tensor4D): Tensor2D {
    const colour = images.shape[3] === 3 ? images : images.tile([1, 1, 1, 3]);
    let values = colour.mul(2).sub(1) as Tensor4D;
    widths.forEach((_, i) => {
      if (i > 0) values = tf.avgPool(values, 2, 2, 'same');
      values = tf.conv2d(values, this.parameters[`conv${i}`] as unknown as Tensor4D, 1, 'same').relu();
    });
    return values.mean([1, 2]);
  }
}
