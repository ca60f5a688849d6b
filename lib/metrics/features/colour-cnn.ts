import { takeImages, type Images } from '../../core/images.js';
import { SeededStream } from '../../core/rng.js';
import { datasets } from '../../data/datasets.js';
import { box, resize } from '../../data/resize.js';
import { classifierFeatures } from '../../nn/small-classifier.js';
import { trainClassifier } from '../../nn/train-classifier.js';
import { colouredDigits, hues, pictureSide } from './coloured-digits.js';
import type { FeatureExtractor } from './contract.js';
import { openKept } from './kept-classifier.js';

const epochs = 3;
const picturesOfADigit = 2;
const classes = 10 * hues;

/**
 * The 64 values before the last layer of a small classifier of digits in colour, trained on this machine on pictures made of the
 * public digits of `mnist-10k` and kept in the cache: it must see strokes and colours on any background. For colour images where
 * Inception's weights are not to be had; not to be compared with Inception's numbers.
 */
export const colourCnn: FeatureExtractor<'colour-cnn'> = {
  id: 'colour-cnn',
  name: 'colour-cnn (64 features, trained on mnist-10k in 8 colours on coloured grounds, seed 0)',
  size: classifierFeatures,
  classes,
  preprocessing: 'other sizes to 32 x 32 by the mean over the area of a pixel, rounded to bytes; bytes divided by 255',
  source: 'a classifier of two convolutions; no paper of its own',
  accepts: ({ channels }) => channels === 3,
  open: openKept({
    id: 'colour-cnn',
    version: 1,
    shape: { height: pictureSide, width: pictureSide, channels: 3 },
    classes,
    prepare: (images: Images) => resize(images, pictureSide, pictureSide, box),
    async train(signal) {
      const { images } = await datasets.loadPublic('mnist-10k');
      const stream = new SeededStream(0).fork('colour-cnn');
      const rows = Array.from({ length: images.count * picturesOfADigit }, (_, i) => i % images.count);
      const pictures = colouredDigits(takeImages(images, rows), stream.fork('pictures'));
      const task = 'training the colour features on coloured mnist-10k';
      return trainClassifier(pictures, { classes, epochs, stream, task, signal });
    },
  }),
};
