import { gaussian, type PlannedRelease, type PublicFacts } from '../../mechanisms/index.js';
import type { LabelSumQuery } from '../../mechanisms/label-sums.js';
import { tf, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import { fourierFeatures } from '../embedding/fourier-features.js';
import type { FrequencyParameters } from './parameters.js';

export const frequencyRelease = 'frequency features';

/** What a record adds to the last coordinate, which counts it: a sixteenth of the squared norm of its features. */
const countWeight = 0.25;

const weightOf = ({ frequencyMasses }: Pick<FrequencyParameters, 'frequencyMasses'>) =>
  frequencyMasses === 'noisy' ? countWeight : 0;

/** Each record's random Fourier features, of norm 1, and where the masses of the classes are wanted a coordinate that counts. */
export function frequencyQuery(params: FrequencyParameters, frequencies: Tensor2D): LabelSumQuery {
  const weight = weightOf(params);
  const dimension = 2 * frequencies.shape[1];
  if (weight === 0) return { features: (images) => fourierFeatures(images, frequencies), dimension, clipNorm: 1 };
  const features = (images: Tensor4D) =>
    tf.concat([fourierFeatures(images, frequencies), tf.fill([images.shape[0], 1], weight)], 1) as Tensor2D;
  return { features, dimension: dimension + 1, clipNorm: Math.hypot(1, weight) };
}

/** N is public: a record moves the mean over all of them by what it adds, divided by N. */
export function spendsOnFrequencies(params: FrequencyParameters, { size }: PublicFacts): PlannedRelease {
  const { frequencyNoise, frequencyNoiseMultiplier: noise } = params;
  return gaussian({
    ...{ of: frequencyRelease, l2Sensitivity: Math.hypot(1, weightOf(params)) / size },
    ...(frequencyNoise === 'fixed' ? { noiseMultiplier: noise } : { timesFree: noise }),
  });
}

/**
 * The released embedding as if all classes had the same share of the records, which the images of a generator have: each column
 * divided by its class's mass, at least by a tenth of an equal share, since a class without records has noise alone.
 *
 * @param means `[dimension, classes]`, row by row, as `frequencyQuery` asks for it.
 * @returns `[features, classes]`
 */
export function balancedEmbedding(
  means: Float32Array,
  params: Pick<FrequencyParameters, 'frequencyMasses'>,
  classes: number,
): Tensor2D {
  const weight = weightOf(params);
  const rows = means.length / classes;
  if (weight === 0) return tf.tensor2d(means, [rows, classes]);
  return tf.tidy(() => {
    const all = tf.tensor2d(means, [rows, classes]);
    const masses = all.slice([rows - 1, 0]).div(weight); // [1, classes]
    return all.slice([0, 0], [rows - 1, classes]).div<Tensor2D>(masses.maximum(0.1 / classes).mul(classes));
  });
}
