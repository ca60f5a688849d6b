import { SeededStream } from '../core/rng.js';
import { derive } from '../mechanisms/index.js';
import { openSpread, shareDraws, spreadShare } from './bootstrap.js';
import type { Metric } from './contract.js';
import { countInside, manifoldOf } from './manifold.js';

/**
 * Improved recall: the fraction of training images whose features lie within the synthetic images': closer to some synthetic image
 * than that one's third neighbour. It is about how varied the images are; see `precision` for how real they look.
 *
 * @example const { recall } = await dp.evaluate({ images: run.images, dataset: 'mnist-10k', metrics: ['recall'] });
 */
export const recall: Metric<'recall'> = {
  id: 'recall',
  title: 'Fraction of real images that lie among the synthetic ones (improved recall)',
  unit: '',
  better: 'higher',
  leastSamples: 4,
  source: 'Kynkäänniemi et al. 2019, arXiv 1904.06991, with 3 neighbours',
  async evaluate({ synthetic, dataset, features, seed, signal }) {
    const made = await manifoldOf(await features.synthetic(synthetic), 'synthetic', signal);
    const real = await features.sensitive(dataset.train);
    const of = `recall against ${dataset.train.facts.name}`;
    const stream = new SeededStream(seed).fork('recall');
    const score = await derive(real, async (rows) =>
      spreadShare(await countInside(rows, made, signal), rows.rows, stream),
    );
    const { id, title, unit, better } = recall;
    const notes = ['balls up to the third neighbour, all images; it grows with the number of synthetic images'];
    return {
      ...{ metric: id, title, unit, better, samples: made.rows.rows, notes },
      ...(await openSpread(score, of, `bootstrap over the real images, ${shareDraws} draws`)),
      ...(await features.facts()),
    };
  },
};
