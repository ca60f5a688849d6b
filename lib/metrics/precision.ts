import { SeededStream } from '../core/rng.js';
import { derive } from '../mechanisms/index.js';
import { openSpread, shareDraws, spreadShare } from './bootstrap.js';
import type { Metric } from './contract.js';
import { derivedOnce } from './derived-once.js';
import type { FeatureRows } from './features/feature-store.js';
import { countInside, manifoldOf } from './manifold.js';

/**
 * Improved precision: the fraction of synthetic images whose features lie within the real images': closer to some training image
 * than that one's third neighbour. It is about how real the images look; see `recall` for how varied they are.
 *
 * @example const { precision } = await dp.evaluate({ images: run.images, dataset: 'mnist-10k', metrics: ['precision'] });
 */
export const precision: Metric<'precision'> = {
  id: 'precision',
  title: 'Fraction of synthetic images that lie among the real ones (improved precision)',
  unit: '',
  better: 'higher',
  source: 'Kynkäänniemi et al. 2019, arXiv 1904.06991, with 3 neighbours',
  async evaluate({ synthetic, dataset, features, seed, signal }) {
    const made = await features.synthetic(synthetic);
    const real = await trainingManifold(await features.sensitive(dataset.train), signal);
    const of = `precision against ${dataset.train.facts.name}`;
    const stream = new SeededStream(seed).fork('precision');
    const score = await derive(real, async (manifold) =>
      spreadShare(await countInside(made, manifold, signal), made.rows, stream),
    );
    const { id, title, unit, better } = precision;
    const notes = ['balls up to the third neighbour, all images'];
    return {
      ...{ metric: id, title, unit, better, samples: made.rows, notes },
      ...(await openSpread(score, of, `bootstrap over the synthetic images, ${shareDraws} draws`)),
      ...(await features.facts()),
    };
  },
};

const trainingManifold = derivedOnce((rows: FeatureRows, signal) => manifoldOf(rows, 'training', signal));
