import type { ImageShape } from '../../core/images.js';
import type { Scale } from '../../core/options.js';
import type { Classifier } from './classifier.js';
import type { ClassifierRecipe } from './fit-classifier.js';
import { resnet } from './resnet.js';
import { resnext } from './resnext.js';
import { wideResnet } from './wide-resnet.js';

export type ClassifierId = 'resnet' | 'wrn' | 'resnext';

/** A classifier and how to train it. */
export interface ClassifierPreset {
  readonly id: ClassifierId;
  readonly network: Classifier;
  readonly recipe: ClassifierRecipe;
}

type Facts = Pick<Classifier, 'shape' | 'classes'>;
type Networks = Readonly<Record<ClassifierId, (facts: Facts) => Classifier>>;

/** The networks of DPImageBench (arXiv 2503.14681) for datasets without and with "cifar" in the name. */
const paper: { readonly other: Networks; readonly cifar: Networks } = {
  other: {
    resnet: (facts) => resnet({ ...facts, depth: 110 }),
    wrn: (facts) => wideResnet({ ...facts, depth: 40, widen: 4, dropout: 0.3 }),
    resnext: (facts) => resnext({ ...facts, depth: 29, cardinality: 8, widen: 4 }),
  },
  cifar: {
    resnet: (facts) => resnet({ ...facts, depth: 164 }),
    wrn: (facts) => wideResnet({ ...facts, depth: 28, widen: 10, dropout: 0.3 }),
    resnext: (facts) => resnext({ ...facts, depth: 28, cardinality: 8, widen: 10 }), // two blocks a stage
  },
};

const adam: ClassifierRecipe = {
  optimizer: 'adam',
  schedule: { rate: 0.01, factor: 0.2, every: 20 },
  epochs: 50,
  batchSize: 256,
};

const sgd: ClassifierRecipe = {
  optimizer: 'sgd',
  schedule: { rate: 0.1, factor: 0.2, every: 60 },
  epochs: 200,
  batchSize: 126,
};

/** Parts of a batch by the side of an image; one at all other sides. */
const partsBySide: Readonly<Record<number, number>> = { 64: 16, 128: 64 };

/** The smallest relatives of the three, at half the side: a quarter of the time lets them see four times the images. */
const small: Networks = {
  resnet: (facts) => resnet({ ...facts, depth: 8, firstStride: 2 }),
  wrn: (facts) => wideResnet({ ...facts, depth: 10, widen: 1, dropout: 0.3, firstStride: 2 }),
  resnext: (facts) => resnext({ ...facts, depth: 11, cardinality: 2, widen: 2, base: 8, firstStride: 2 }),
};

const laptop: ClassifierRecipe = {
  optimizer: 'adam',
  schedule: { rate: 0.01, factor: 0.2, every: 2 },
  epochs: 5,
  batchSize: 50,
};

const smoke: ClassifierRecipe = { ...laptop, epochs: 4, batchSize: 30 };

/**
 * The classifiers that score synthetic images at a scale. At `paper` those of DPImageBench with their training; at `laptop` and
 * `smoke` small relatives whose numbers are not to be compared with the paper's. Above 32 pixels ResNeXt is left out, as in the
 * reference.
 *
 * What they reach on MNIST's test set when they are trained on real digits, and what training takes, in seconds of one core:
 *
 * | scale, digits | ResNet | WRN | ResNeXt |
 * |---|---|---|---|
 * | `laptop`, 10,000 | 98.7 %, 25 s | 98.2 %, 25 s | 98.3 %, 32 s |
 * | `smoke`, 600 | 91.7 %, 2 s | 82.5 %, 2 s | 79.4 %, 2 s |
 *
 * The paper's, trained on 55,000 images of 28 x 28, would take about 13 hours of one core (ResNet-110), 1.7 days (WRN-40-4) and 8
 * days (ResNeXt-29), by the time of some steps of 32 images.
 *
 * @example const [resnet] = classifierPresets('laptop', { dataset: 'mnist', shape, classes: 10 });
 */
export function classifierPresets(
  scale: Scale,
  { dataset, ...facts }: Facts & { readonly dataset: string },
): ClassifierPreset[] {
  const cifar = dataset.includes('cifar');
  const networks = scale === 'paper' ? paper[cifar ? 'cifar' : 'other'] : small;
  const recipe = scale === 'paper' ? paperRecipe(cifar, facts.shape) : { laptop, smoke }[scale];
  const ids: readonly ClassifierId[] = facts.shape.height > 32 ? ['resnet', 'wrn'] : ['resnet', 'wrn', 'resnext'];
  return ids.map((id) => ({ id, network: networks[id](facts), recipe }));
}

function paperRecipe(cifar: boolean, { width }: ImageShape): ClassifierRecipe {
  const parts = partsBySide[width];
  if (cifar) return sgd;
  return parts === undefined ? adam : { ...adam, parts };
}
