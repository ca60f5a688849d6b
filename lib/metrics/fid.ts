import type { Images } from '../core/images.js';
import { measure, type SensitiveImages } from '../mechanisms/index.js';
import type { Metric } from './contract.js';
import type { FeatureRows, FeatureStore } from './features/feature-store.js';
import { FeatureMoments, frechetDistance } from './frechet.js';

/** Below this many images the covariance is poor and FID is biased upwards by much; the result says so. */
const enough = 2000;

/**
 * Fréchet distance between the features of the synthetic images and of the sensitive training images. Heusel et al. 2017.
 * The features are named in the result: a number by the digit features is not an Inception FID.
 */
export const fid: Metric<'fid'> = {
  id: 'fid',
  title: 'Fréchet distance of image features (FID)',
  unit: '',
  better: 'lower',
  source: 'Heusel et al. 2017, arXiv 1706.08500',
  async evaluate({ synthetic, dataset, features }) {
    const value = await frechetToSensitive(synthetic, dataset.train, features);
    const notes =
      synthetic.count < enough
        ? [`only ${synthetic.count} images: too high by an unknown amount (${enough} or more advised)`]
        : [];
    const { id, title, unit, better } = fid;
    return { metric: id, title, unit, better, value, ...(await features.facts()), samples: synthetic.count, notes };
  },
};

/** FID of images against a private set. */
export async function frechetToSensitive(synthetic: Images, real: SensitiveImages, features: FeatureStore) {
  const made = moments(await features.synthetic(synthetic));
  const sealed = await features.sensitive(real);
  return measure(sealed, `FID against ${real.facts.name}`, (rows) => frechetDistance(made, moments(rows)));
}

function moments({ features, rows, size }: FeatureRows): FeatureMoments {
  const collected = new FeatureMoments(size);
  collected.add(features, rows);
  return collected;
}
