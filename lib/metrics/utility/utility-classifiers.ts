import type { ImageShape } from '../../core/images.js';
import type { Scale } from '../../core/options.js';
import type { Classifier } from '../../nn/classifiers/classifier.js';
import type { ClassifierRecipe } from '../../nn/classifiers/fit-classifier.js';
import { smallCnn } from '../../nn/classifiers/small-cnn.js';

/** A classifier and how it is trained. */
export interface UtilityClassifier {
  readonly id: string;
  build(options: { readonly shape: ImageShape; readonly classes: number }): Classifier;
  readonly recipe: ClassifierRecipe;
}

const epochs = { smoke: 2, laptop: 5, paper: 10 };

/** The classifiers that score a dataset's synthetic images at a scale. */
export function utilityClassifiers({
  scale,
}: {
  readonly name: string;
  readonly shape: ImageShape;
  readonly scale: Scale;
}): readonly UtilityClassifier[] {
  const schedule = { rate: 1e-3, factor: 0.2, every: 20 };
  return [
    {
      id: 'small-cnn',
      build: smallCnn,
      recipe: { optimizer: 'adam', schedule, epochs: epochs[scale], batchSize: 100 },
    },
  ];
}
