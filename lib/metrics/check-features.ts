import { OptionError } from '../core/errors.js';
import type { FeatureRows } from './features/feature-store.js';

/** Refuses features that a metric cannot be computed from. @param whose `synthetic`, `training` or `test` */
export function checkFeatures(asked: string, whose: string, { features, rows }: FeatureRows, atLeast = 1): void {
  if (rows < atLeast)
    throw new OptionError({ asked, wrong: `too few ${whose} images`, got: rows, expected: `at least ${atLeast}` });
  let at = 0;
  while (at < features.length && Number.isFinite(features[at])) at++; // a plain loop: there may be 100 million
  if (at === features.length) return;
  throw new OptionError({
    asked,
    wrong: `a feature of the ${whose} images is no number`,
    got: features[at],
    expected: 'finite values',
    next: 'Look at the images and at the weights of the feature extractor.',
  });
}
