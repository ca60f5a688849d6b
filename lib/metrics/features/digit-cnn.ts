import type { ImageShape, LabeledImages } from '../../core/images.js';
import { OptionError } from '../../core/errors.js';
import { SeededStream } from '../../core/rng.js';
import { datasets } from '../../data/datasets.js';
import { classifierFeatures, type SmallClassifier } from '../../nn/small-classifier.js';
import { trainClassifier } from '../../nn/train-classifier.js';
import { imageTensor, tf } from '../../tensor/index.js';

/** Image features for FID and its like. */
export interface FeatureExtractor {
  /** Network, training data and seed: part of every result, so that nobody takes it for another. */
  readonly name: string;
  readonly size: number;
  /** Whether it is made for images of this shape. */
  accepts(shape: ImageShape): boolean;
  /** Features of all images, row by row: `[count, size]`. Streams over batches. */
  extract(images: LabeledImages, onBatch: (features: Float32Array, rows: number) => void): Promise<void>;
}

const epochs = 3;
const batchSize = 500;
let trained: Promise<SmallClassifier> | undefined;

/**
 * The 64 values before the last layer of a small digit classifier, trained in this process on the public digits of
 * `mnist-10k`. For grey 28 x 28 images; not Inception, and not to be compared with Inception's numbers.
 */
export const digitCnn: FeatureExtractor = {
  name: 'digit-cnn (64 features, trained on mnist-10k, seed 0)',
  size: classifierFeatures,
  accepts: ({ height, width, channels }) => height === 28 && width === 28 && channels === 1,
  async extract(images, onBatch) {
    if (!digitCnn.accepts(images))
      throw new OptionError({
        asked: 'digit-cnn features',
        wrong: 'made for grey images of 28 x 28',
        got: [images.height, images.width, images.channels],
        expected: '[28, 28, 1]',
      });
    const network = await (trained ??= train());
    for (let start = 0; start < images.count; start += batchSize) {
      const end = Math.min(images.count, start + batchSize);
      const features = tf.tidy(() => network.features(imageTensor(images, start, end)));
      onBatch((await features.data()) as Float32Array, end - start);
      features.dispose();
    }
  },
};

async function train(): Promise<SmallClassifier> {
  try {
    const { images, classes } = await datasets.loadPublic('mnist-10k');
    const stream = new SeededStream(0).fork('digit-cnn');
    const task = 'training the digit features on mnist-10k';
    return await trainClassifier(images, { classes: classes.length, epochs, stream, task });
  } catch (error) {
    trained = undefined; // the next call tries again
    throw error;
  }
}
