/**
 * Central images as a warm-up of other methods: noisy mean images of the classes are released first, and take the place of public
 * images. Gong, Li, Lin, Wang: From Easy to Hard: Building a Shortcut for Differentially Private Image Synthesis. S&P 2025,
 * arXiv 2504.01395, section 3.
 *
 * What the reference implementation does differently: it divides the sum of a class by the number of its records in the batch,
 * while its noise is for a fixed divisor, so that small classes have too little noise and empty ones give NaN; here the
 * divisor is the expected number were all classes alike. It does not charge the release to methods with one release of their own
 * (DP-MERF, GS-WGAN); here it is a line of the plan.
 */
import { OptionError } from '../core/errors.js';
import type { LabeledImages } from '../core/images.js';
import { count, positive, type Parameters, type ParameterValues } from '../core/options.js';
import type { PublicDataset } from '../data/contract.js';
import { shakenCopies } from '../data/shaken-copies.js';
import { gaussianOnSamples, type Mechanisms, type PublicFacts } from '../mechanisms/index.js';
import { imageBytes, tf, type Tensor2D, type Tensor4D } from '../tensor/index.js';
import type { AnyMethod } from './contract.js';

const release = 'central images';

const centralImageParameters = {
  centralRounds: count({ smoke: 2, laptop: 5, paper: 5 }, 'mean images released of each class'),
  centralBatchSize: count(6000, 'expected records in the Poisson batch of a round'),
  centralNoiseMultiplier: positive({ smoke: 20, laptop: 10, paper: 5 }, 'noise multiplier of a round'),
  centralShrink: count({ smoke: 4, laptop: 4, paper: 2 }, 'side of the squares of pixels that are averaged first'),
  centralCopies: count({ smoke: 5, laptop: 20, paper: 50 }, 'copies of a mean image, turned and moved a little'),
} as const satisfies Parameters;

type CentralImageParameters = ParameterValues<typeof centralImageParameters>;

/**
 * A method that trains on central images of the private data first, where it would train on public ones. Its plan begins with what
 * they cost; the harness finds the noise of the rest.
 *
 * @throws OptionError when the method takes no public images.
 */
export function withCentralImages(method: AnyMethod): AnyMethod {
  if ((method.publicData ?? 'none') === 'none')
    throw new OptionError({
      asked: method.id,
      wrong: 'the method takes no images to train on first',
      got: "warmUp: 'central-images'",
      next: 'Leave warmUp out.',
    });
  return {
    ...method,
    params: { ...(method.params as Parameters), ...centralImageParameters },
    publicData: 'none',
    spends: (params: CentralImageParameters, facts: PublicFacts) => [
      spendsOnCentralImages(params, facts),
      ...method.spends(params, facts),
    ],
    fit: async (context) => {
      const params = context.params as CentralImageParameters;
      const publicDataset = await centralImages(context.mechanisms, params);
      return method.fit({ ...context, publicDataset });
    },
  };
}

/** A record adds one image of norm sqrt(values) at most, to one class, and the divisor is fixed. */
export function spendsOnCentralImages(params: CentralImageParameters, facts: PublicFacts) {
  const { sampleRate, norm } = sizes(params, facts);
  return gaussianOnSamples({
    of: release,
    l2Sensitivity: norm / (sampleRate * facts.size),
    ...{ sampleRate, steps: params.centralRounds, noiseMultiplier: params.centralNoiseMultiplier },
  });
}

/** Releases the mean images and gives them, with copies that are turned and moved, as images that training may see. */
export async function centralImages(mechanisms: Mechanisms, params: CentralImageParameters): Promise<PublicDataset> {
  const { facts } = mechanisms;
  const { values, norm } = sizes(params, facts);
  const side = params.centralShrink;
  const { value: rounds } = await mechanisms.sampledLabelMeans(release, {
    features: (images) => tf.avgPool(images, side, side, 'valid').reshape([-1, values]) as Tensor2D,
    dimension: values,
    clipNorm: norm,
  });
  const parts: LabeledImages[] = [];
  for (const means of rounds) parts.push(await imagesOf(means, facts, side));
  const images = shakenCopies(parts, params.centralCopies);
  return { name: `${release} of ${facts.name}`, classes: facts.classes, images };
}

/** Means of the sums of all records, `[values, classes]`, as an image of each class. */
async function imagesOf(means: Float32Array, facts: PublicFacts, side: number): Promise<LabeledImages> {
  const { shape, classes } = facts;
  const { height, width, channels } = shape;
  const large = tf.tidy(() => {
    // Each class has the share 1 / classes of the records, as far as is known.
    const small = tf
      .tensor2d(means, [means.length / classes.length, classes.length])
      .transpose()
      .mul(classes.length);
    const clipped = small.clipByValue(0, 1).reshape<Tensor4D>([-1, height / side, width / side, channels]);
    return tf.image.resizeBilinear(clipped, [height, width], false, true); // [classes, height, width, channels]
  });
  const bytes = await imageBytes(large);
  large.dispose();
  return { ...bytes, labels: Uint8Array.from(classes, (_, label) => label) };
}

function sizes({ centralBatchSize, centralShrink }: CentralImageParameters, { size, shape }: PublicFacts) {
  const { height, width, channels } = shape;
  if (height % centralShrink !== 0 || width % centralShrink !== 0)
    throw new OptionError({
      asked: release,
      wrong: 'centralShrink does not divide the sides of the images',
      got: centralShrink,
      expected: `a divisor of ${height} and ${width}`,
    });
  const values = (height * width * channels) / centralShrink ** 2;
  return { sampleRate: 1 / Math.ceil(size / centralBatchSize), values, norm: Math.sqrt(values) };
}
