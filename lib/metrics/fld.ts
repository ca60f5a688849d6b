import { OptionError } from '../core/errors.js';
import type { Scale } from '../core/options.js';
import { SeededStream } from '../core/rng.js';
import { measureBoth } from '../mechanisms/index.js';
import { checkFeatures } from './check-features.js';
import type { Metric } from './contract.js';
import type { FeatureRows } from './features/feature-store.js';
import { MixtureFitting } from './fld-mixture.js';
import { takeRows } from './take-rows.js';

/** Rows used at most: the work grows with the product of the two. The reference takes 10,000 synthetic rows and all real ones. */
const caps: Readonly<Record<Scale, { readonly synthetic: number; readonly training: number }>> = {
  smoke: { synthetic: 1000, training: 1000 },
  laptop: { synthetic: 2000, training: 10_000 },
  paper: { synthetic: 10_000, training: Infinity },
};

/**
 * Feature likelihood divergence: Gaussians about the synthetic images' features, their variances fitted to the training images;
 * 100 times the mean negative log-likelihood less that of a mixture about half of the training images.
 *
 * Its value is the likelihood of the training images, as DPImageBench prints it; the part `test` is that of the test images, as the
 * metric's authors mean it. They tell a model that memorises apart: the Gaussian about a copy of a training image shrinks onto it, so
 * that the value falls without bound, as if copies were good. Where copies are all there is and some training images have none, these
 * have no likelihood left and the value rises without bound. `gap`, 100 times the difference of the two likelihoods, is far below
 * 0 for copies in either case.
 *
 * @example const { fld } = await dp.evaluate({ images: run.images, dataset: 'mnist-10k', metrics: ['fld'] });
 */
export const fld: Metric<'fld'> = {
  id: 'fld',
  title: 'Feature likelihood divergence of the training images (FLD)',
  unit: '',
  better: 'lower',
  source: 'Jiralerspong et al. 2023, arXiv 2302.04440; the training flavour as in DPImageBench, arXiv 2503.14681',
  async evaluate({ synthetic, dataset, features, scale, seed, signal }) {
    const stream = new SeededStream(seed).fork('fld');
    const all = await features.synthetic(synthetic);
    const made = takeRows(all, caps[scale].synthetic, stream.fork('synthetic'));
    const sealed = [await features.sensitive(dataset.train), await features.sensitive(dataset.test)] as const;
    let scores: Promise<LikelihoodScores> | undefined;
    const score = (flavour: keyof LikelihoodScores) =>
      measureBoth(...sealed, `FLD (${flavour}) on ${dataset.train.facts.name}`, async (train, test) => {
        const capped = () => takeRows(train, caps[scale].training, stream.fork('training'));
        return (await (scores ??= likelihoodScores(capped(), test, made, stream, signal)))[flavour];
      });
    const value = await score('train');
    const parts = [
      { name: 'train (likelihood of training images)', value },
      { name: 'test (likelihood of test images)', value: await score('test') },
      { name: 'gap (train less test)', value: await score('gap') },
      { name: 'features that vary among the test images', value: await score('features') },
    ];
    const { id, title, unit, better } = fld;
    const notes = [
      'copies of training images lower it or raise it without bound: no measure of a model that memorises; see test and gap',
      ...capNotes(scale, made.rows, all.rows, dataset.train.size),
    ];
    return { metric: id, title, unit, better, value, parts, ...(await features.facts()), samples: made.rows, notes };
  },
};

function capNotes(scale: Scale, used: number, given: number, real: number): string[] {
  const training = Math.min(real, caps[scale].training);
  if (used === given && training === real) return [];
  return [
    `scale ${scale}: ${used} of ${given} synthetic and ${training} of ${real} training images, drawn by the seed; ` +
      'not to be compared with scores of other numbers',
  ];
}

export interface LikelihoodScores {
  /** 100 (likelihood of training rows - baseline), and so on: lower is better but for memorising. */
  readonly train: number;
  readonly test: number;
  readonly gap: number;
  /** Features that were used. */
  readonly features: number;
}

/**
 * The three flavours, from feature rows.
 *
 * @throws OptionError for too few rows, features that are no numbers, or no feature that varies among the test rows.
 */
export async function likelihoodScores(
  train: FeatureRows,
  test: FeatureRows,
  made: FeatureRows,
  stream: SeededStream,
  signal?: AbortSignal,
): Promise<LikelihoodScores> {
  checkFeatures('FLD', 'synthetic', made);
  checkFeatures('FLD', 'training', train, 2);
  checkFeatures('FLD', 'test', test, 2);
  const [real, unseen, centres] = standardised(test, [train, test, made]) as [FeatureRows, FeatureRows, FeatureRows];
  const fitting = new MixtureFitting(signal);
  try {
    const mixture = await fitting.fit(centres, real, stream.fork('fit'));
    const onTrain = await fitting.negativeLogLikelihood(mixture, real);
    const onTest = await fitting.negativeLogLikelihood(mixture, unseen);
    const baseline = await baselineLikelihood(fitting, real, unseen, made.rows, stream);
    return {
      train: 100 * (onTrain - baseline),
      test: 100 * (onTest - baseline),
      gap: 100 * (onTrain - onTest),
      features: real.size,
    };
  } finally {
    fitting.dispose();
  }
}

/** Of the test rows under a mixture about some training rows, fitted to the others: what a perfect model would get. */
async function baselineLikelihood(
  fitting: MixtureFitting,
  train: FeatureRows,
  test: FeatureRows,
  centres: number,
  stream: SeededStream,
): Promise<number> {
  const order = stream.fork('baseline').permutation(train.rows);
  const half = Math.min(centres, Math.floor(train.rows / 2));
  const [about, fitted] = [takeRows(train, order.subarray(0, half)), takeRows(train, order.subarray(half))];
  const mixture = await fitting.fit(about, fitted, stream.fork('baseline fit'));
  return fitting.negativeLogLikelihood(mixture, test);
}

/** Rows in deviations of the test rows from their mean (divisor n - 1); features that never change among them are left out. */
export function standardised(test: FeatureRows, sets: readonly FeatureRows[]): FeatureRows[] {
  const { features, rows, size } = test;
  const mean = new Float64Array(size);
  features.forEach((value, i) => (mean[i % size]! += value / rows));
  const squares = new Float64Array(size);
  features.forEach((value, i) => (squares[i % size]! += (value - mean[i % size]!) ** 2));
  const changes = new Uint8Array(size);
  features.forEach((value, at) => {
    if (value !== features[at % size]) changes[at % size] = 1;
  });
  const kept = [...mean.keys()].filter((i) => changes[i]);
  if (kept.length === 0)
    throw new OptionError({
      asked: 'FLD',
      wrong: 'no feature varies among the test images',
      got: `${size} features of ${rows} images`,
      expected: 'at least one that varies',
      next: 'Choose other features (dp.features.names()).',
    });
  const deviation = squares.map((sum) => Math.sqrt(sum / (rows - 1)));
  return sets.map((set) => {
    const values = new Float32Array(set.rows * kept.length);
    for (let row = 0; row < set.rows; row++)
      kept.forEach((i, k) => {
        values[row * kept.length + k] = (set.features[row * size + i]! - mean[i]!) / deviation[i]!;
      });
    return { ...set, size: kept.length, features: values };
  });
}
