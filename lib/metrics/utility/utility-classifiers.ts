import type { Scale } from '../../core/options.js';
import type { Dataset } from '../../data/contract.js';
import type { Classifier } from '../../nn/classifiers/classifier.js';
import type { ClassifierRecipe } from '../../nn/classifiers/fit-classifier.js';
import { classifierPresets } from '../../nn/classifiers/presets.js';
import { smallCnn } from '../../nn/classifiers/small-cnn.js';

/** A classifier and how it is trained. */
export interface UtilityClassifier {
  readonly id: string;
  readonly network: Classifier;
  readonly recipe: ClassifierRecipe;
}

const epochs = { smoke: 2, laptop: 5 };

/**
 * The classifiers that score a dataset's synthetic images: at `paper` those of DPImageBench, at `laptop` a small CNN and small
 * relatives of the three, at `smoke` the small CNN alone. Scores of two scales are not to be compared.
 */
export function utilityClassifiers(
  scale: Scale,
  { name: dataset, shape, classes }: Pick<Dataset, 'name' | 'shape' | 'classes'>,
): readonly UtilityClassifier[] {
  const facts = { shape, classes: classes.length };
  const presets = () => classifierPresets(scale, { dataset, ...facts });
  if (scale === 'paper') return presets();
  const schedule = { rate: 1e-3, factor: 0.2, every: 20 };
  const recipe = { optimizer: 'adam', schedule, epochs: epochs[scale], batchSize: 100 } as const;
  const small = { id: 'small-cnn', network: smallCnn(facts), recipe };
  return scale === 'smoke' ? [small] : [small, ...presets()];
}
