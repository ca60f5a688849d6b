import { OptionError } from '../../core/errors.js';
import { gaussianOnSamples, type PlannedRelease, type PublicFacts } from '../../mechanisms/index.js';
import type { LabelSumQuery } from '../../mechanisms/label-sums.js';
import { tf, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import type { CentralImageParameters } from './parameters.js';

export const release = 'central images';

/** What a record adds to the sums of its class: pixels, and a coordinate that counts it; or a one in a bin of each pixel. */
export interface CentralQuery extends LabelSumQuery {
  /** Pixels of a shrunken image. */
  readonly pixels: number;
  /** What a record adds to the last coordinate, which counts; 0 when there is none. */
  readonly countWeight: number;
}

/**
 * The question that central images answer. A record adds one vector, to one class: of norm sqrt(pixels) at most, with a count of weight
 * sqrt(pixels) / 4 beside it a 32nd more; of norm sqrt(pixels) exactly when it is a one in a bin of each pixel.
 */
export function centralQuery(params: CentralImageParameters, { shape }: Pick<PublicFacts, 'shape'>): CentralQuery {
  const { central, centralBins: bins, centralDivisor, centralShrink: side } = params;
  const { height, width, channels } = shape;
  if (height % side !== 0 || width % side !== 0)
    throw new OptionError({
      asked: release,
      wrong: 'centralShrink does not divide the sides of the images',
      got: side,
      expected: `a divisor of ${height} and ${width}`,
    });
  if (central === 'mode' && bins < 2)
    throw new OptionError({ asked: release, wrong: 'centralBins is too small', got: bins, expected: 'two at least' });
  const pixels = (height * width * channels) / side ** 2;
  const shrunken = (images: Tensor4D) => {
    const square = params.centralShrinkBy === 'average' ? side : 1;
    return tf.avgPool(images, square, side, 'valid').reshape([-1, pixels]) as Tensor2D; // [batch, pixels]
  };
  if (central === 'mode') {
    const features = (images: Tensor4D) => inBins(shrunken(images), bins);
    return { features, dimension: pixels * bins, clipNorm: Math.sqrt(pixels), pixels, countWeight: 0 };
  }
  if (centralDivisor === 'expected')
    return { features: shrunken, dimension: pixels, clipNorm: Math.sqrt(pixels), pixels, countWeight: 0 };
  const countWeight = Math.sqrt(pixels) / 4;
  const features = (images: Tensor4D) =>
    shrunken(images).pad<Tensor2D>(
      [
        [0, 0],
        [0, 1],
      ],
      countWeight,
    );
  return { features, dimension: pixels + 1, clipNorm: Math.hypot(Math.sqrt(pixels), countWeight), pixels, countWeight };
}

/** A one in the bin of each value in [0, 1], `[batch, values * bins]`. */
function inBins(values: Tensor2D, bins: number): Tensor2D {
  const bin = values
    .mul(bins)
    .floor()
    .clipByValue(0, bins - 1)
    .cast('int32'); // [batch, values]
  return tf
    .oneHot(bin, bins)
    .cast('float32')
    .reshape([-1, values.shape[1] * bins]);
}

/** A record moves a round's means by at most the norm of what it adds over the expected batch: the divisor is fixed and public. */
export function spendsOnCentralImages(params: CentralImageParameters, facts: PublicFacts): PlannedRelease {
  const { centralNoise, centralNoiseMultiplier: noise, centralRounds: steps } = params;
  const sampleRate = 1 / Math.ceil(facts.size / params.centralBatchSize);
  return gaussianOnSamples({
    of: release,
    l2Sensitivity: centralQuery(params, facts).clipNorm / (sampleRate * facts.size),
    ...{ sampleRate, steps },
    ...(centralNoise === 'fixed' ? { noiseMultiplier: noise } : { timesFree: noise }),
  });
}
