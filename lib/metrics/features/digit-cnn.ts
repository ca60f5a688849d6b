import { SeededStream } from '../../core/rng.js';
import { datasets } from '../../data/datasets.js';
import { classifierFeatures } from '../../nn/small-classifier.js';
import { trainClassifier } from '../../nn/train-classifier.js';
import type { FeatureExtractor } from './contract.js';
import { openKept } from './kept-classifier.js';

const epochs = 3;

/**
 * The 64 values before the last layer of a small digit classifier, trained on this machine on the public digits of `mnist-10k` and
 * kept in the cache. For grey 28 x 28 images; not Inception, and not to be compared with Inception's numbers.
 */
export const digitCnn: FeatureExtractor<'digit-cnn'> = {
  id: 'digit-cnn',
  name: 'digit-cnn (64 features, trained on mnist-10k, seed 0)',
  size: classifierFeatures,
  classes: 10,
  preprocessing: 'bytes divided by 255',
  source: 'a classifier of two convolutions, as many papers on grey digits use; no paper of its own',
  accepts: ({ height, width, channels }) => height === 28 && width === 28 && channels === 1,
  open: openKept({
    id: 'digit-cnn',
    version: 1,
    shape: { height: 28, width: 28, channels: 1 },
    classes: 10,
    async train(signal) {
      const { images, classes } = await datasets.loadPublic('mnist-10k');
      const stream = new SeededStream(0).fork('digit-cnn');
      const task = 'training the digit features on mnist-10k';
      return trainClassifier(images, { classes: classes.length, epochs, stream, task, signal });
    },
  }),
};
