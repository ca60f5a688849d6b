import type { Scale } from '../../core/options.js';
import type { Dataset } from '../../data/contract.js';
import { noisyMax, type PlannedRelease } from '../../mechanisms/index.js';
import { utilityClassifiers } from './utility-classifiers.js';

/** What the choice of a classifier's epoch is called in plans and ledgers. */
export const epochOf = (classifier: string): string => `epoch of ${classifier}`;

/**
 * The releases of the selection `noisy`: one report-noisy-max for each classifier, which share the epsilon evenly.
 *
 * @example selectionReleases('laptop', dataset, 1).map(({ epsilon }) => epsilon)   // a quarter each, of four classifiers
 */
export function selectionReleases(
  scale: Scale,
  dataset: Pick<Dataset, 'name' | 'shape' | 'classes'>,
  selectionEpsilon: number,
): PlannedRelease[] {
  const classifiers = utilityClassifiers(scale, dataset);
  return classifiers.map(({ id }) => noisyMax({ of: epochOf(id), epsilon: selectionEpsilon / classifiers.length }));
}
