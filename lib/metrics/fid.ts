import type { LabeledImages } from '../core/images.js';
import { measure, type SensitiveImages } from '../mechanisms/index.js';
import type { Metric } from './contract.js';
import { digitCnn, type FeatureExtractor } from './features/digit-cnn.js';
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
  async evaluate({ synthetic, dataset }) {
    const extractor = digitCnn;
    const value = await frechetToSensitive(synthetic, dataset.train, extractor);
    const notes =
      synthetic.count < enough
        ? [`only ${synthetic.count} images: too high by an unknown amount (${enough} or more advised)`]
        : [];
    const { id, title, unit, better } = fid;
    return { metric: id, title, unit, better, value, features: extractor.name, samples: synthetic.count, notes };
  },
};

/** FID of images against a private set, with the moments of the private set computed once in this process. */
export async function frechetToSensitive(synthetic: LabeledImages, real: SensitiveImages, extractor: FeatureExtractor) {
  const made = await moments(synthetic, extractor);
  return measure(real, `FID against ${real.facts.name}`, async (rows) => {
    const key = realMoments.get(real) ?? moments(rows, extractor);
    realMoments.set(real, key);
    return frechetDistance(made, await key);
  });
}

const realMoments = new WeakMap<SensitiveImages, Promise<FeatureMoments>>();

async function moments(images: LabeledImages, extractor: FeatureExtractor): Promise<FeatureMoments> {
  const collected = new FeatureMoments(extractor.size);
  await extractor.extract(images, (features, rows) => collected.add(features, rows));
  return collected;
}
