import type { LabeledImages } from '../core/images.js';
import { SeededStream } from '../core/rng.js';
import { measure } from '../mechanisms/index.js';
import { classifierAccuracy, trainClassifier } from '../nn/train-classifier.js';
import type { Metric } from './contract.js';

const epochs = { smoke: 2, laptop: 5, paper: 10 };

/**
 * Accuracy on the real test set of a small classifier trained on the synthetic images only; the epoch is chosen by held-out
 * synthetic images, so no private data take part in the choice.
 */
export const accuracy: Metric<'accuracy'> = {
  id: 'accuracy',
  title: 'Accuracy of a classifier trained on the synthetic images',
  unit: '%',
  better: 'higher',
  source: 'DPImageBench, arXiv 2503.14681, section on utility; one small CNN instead of its three networks',
  async evaluate({ synthetic, dataset, scale, seed, signal }) {
    const classes = dataset.classes.length;
    const stream = new SeededStream(seed).fork('accuracy');
    const task = 'training a classifier on the synthetic images';
    const network = await trainClassifier(synthetic, { classes, epochs: epochs[scale], stream, task, signal });
    const percent = async (rows: LabeledImages) => 100 * (await classifierAccuracy(network, rows));
    const value = await measure(dataset.test, `accuracy on ${dataset.test.facts.name}`, percent).finally(() =>
      network.dispose(),
    );
    const notes = [`small CNN, ${epochs[scale]} epochs at most, epoch chosen on held-out synthetic images`];
    const { id, title, unit, better } = accuracy;
    return { metric: id, title, unit, better, value, samples: synthetic.count, notes };
  },
};
