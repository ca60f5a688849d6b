import type { LabeledImages } from '../../core/images.js';
import type { PublicDataset } from '../../data/contract.js';
import { randAugmentedCopies } from '../../data/rand-augment/rand-augment.js';
import { shakenCopies } from '../../data/shaken-copies.js';
import type { Mechanisms, PublicFacts } from '../../mechanisms/index.js';
import { tf, type Tensor, type Tensor2D, type Tensor4D } from '../../tensor/index.js';
import type { DatasetOutline } from '../contract.js';
import { filtered } from './filter.js';
import type { CentralImageParameters } from './parameters.js';
import { centralQuery, release, type CentralQuery } from './query.js';
import { together } from './together.js';

/** Central images as they were released, one a class and round, and the varied copies of them to train on. */
export interface CentralImages {
  readonly released: LabeledImages;
  readonly dataset: PublicDataset;
}

/** The dataset of varied copies before it is there: how many of each class are known ahead. */
export function centralOutline(
  { centralRounds: rounds, centralCopies: copies }: Pick<CentralImageParameters, 'centralRounds' | 'centralCopies'>,
  { classes }: Pick<PublicFacts, 'classes'>,
): DatasetOutline {
  const labels = Uint8Array.from({ length: rounds * classes.length * copies }, (_, i) => i % classes.length);
  return { name: release, classes, images: { count: labels.length, labels } };
}

/**
 * Releases the central images of the classes; what is made of the release is post-processing and costs nothing.
 *
 * @example const { dataset } = await centralImages(mechanisms, params); await trainOnImages({ dataset, … });
 */
export async function centralImages(mechanisms: Mechanisms, params: CentralImageParameters): Promise<CentralImages> {
  const { facts } = mechanisms;
  const query = centralQuery(params, facts);
  const { value: rounds } = await mechanisms.sampledLabelMeans(release, query);
  const sampleRate = 1 / Math.ceil(facts.size / params.centralBatchSize);
  const parts: LabeledImages[] = [];
  for (const means of rounds)
    parts.push(await imagesOf(means, params, query, { facts, expected: sampleRate * facts.size }));
  const { centralCopies: copies, centralMagnitude: magnitude } = params;
  const images =
    params.centralAugment === 'shaken'
      ? shakenCopies(parts, copies)
      : randAugmentedCopies(parts, { copies, magnitude });
  return {
    released: together(parts),
    dataset: { name: `${release} of ${facts.name}`, classes: facts.classes, images },
  };
}

/**
 * An image of each class from what a round released: `[dimension, classes]`, sums over all classes' expected number of records.
 *
 * A class without records is one too: its sums are noise, which is not divided by less than a tenth of an equal share of the
 * records, so that it stays dark.
 */
export async function imagesOf(
  means: Float32Array,
  { central, centralBins, centralFilter, centralShrink }: CentralImageParameters,
  { dimension, pixels, countWeight }: CentralQuery,
  { facts, expected }: { readonly facts: PublicFacts; readonly expected: number },
): Promise<LabeledImages> {
  const { shape, classes } = facts;
  const { height, width, channels } = shape;
  const large = tf.tidy(() => {
    const columns = tf.tensor2d(means, [dimension, classes.length]).transpose<Tensor2D>(); // [classes, dimension]
    const small =
      central === 'mode'
        ? columns
            .reshape([-1, pixels, centralBins])
            .argMax(2)
            .div(centralBins - 1) // [classes, pixels]
        : columns.slice([0, 0], [-1, pixels]).div(divisor(columns, { pixels, countWeight }, expected));
    const clipped = small
      .clipByValue(0, 1)
      .reshape<Tensor4D>([-1, height / centralShrink, width / centralShrink, channels]);
    return tf.image.resizeBilinear(clipped, [height, width], false, true); // [classes, height, width, channels]
  });
  const values = await large.data();
  large.dispose();
  const data = Uint8Array.from(values, (value) => Math.trunc(value * 255));
  const size = height * width * channels;
  if (centralFilter !== 'none')
    for (let start = 0; start < data.length; start += size)
      data.set(filtered(data.subarray(start, start + size), shape), start);
  return { ...shape, data, count: classes.length, labels: Uint8Array.from(classes, (_, label) => label) };
}

/** What the sums are divided by, as a share of the expected records of all classes: one for all, or `[classes, 1]`. */
function divisor(
  columns: Tensor2D,
  { pixels, countWeight }: Pick<CentralQuery, 'pixels' | 'countWeight'>,
  expected: number,
): Tensor {
  const share = 1 / columns.shape[0];
  if (countWeight === 0) return tf.scalar(share);
  const least = Math.max(share / 10, 1 / expected);
  return columns.slice([0, pixels], [-1, 1]).div(countWeight).maximum(least);
}
