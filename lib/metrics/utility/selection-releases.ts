import type { ImageShape } from '../../core/images.js';
import type { Scale } from '../../core/options.js';
import { noisyMax, type PlannedRelease } from '../../mechanisms/index.js';
import { utilityClassifiers } from './utility-classifiers.js';

/** What the choice of a classifier's epoch is called in plans and ledgers. */
export const epochOf = (classifier: string): string => `epoch of ${classifier}`;

/**
 * The releases of the selection `noisy`: one report-noisy-max for each classifier, which share the epsilon evenly.
 *
 * @example selectionReleases({ name: 'mnist', shape, scale: 'laptop' }, 1).map((release) => release.epsilon)   // 1/3 each
 */
export function selectionReleases(
  about: { readonly name: string; readonly shape: ImageShape; readonly scale: Scale },
  selectionEpsilon: number,
): PlannedRelease[] {
  const classifiers = utilityClassifiers(about);
  return classifiers.map(({ id }) => noisyMax({ of: epochOf(id), epsilon: selectionEpsilon / classifiers.length }));
}
