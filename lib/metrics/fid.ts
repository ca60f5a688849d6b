import type { Images } from '../core/images.js';
import { SeededStream } from '../core/rng.js';
import { derive, measure, type SensitiveImages } from '../mechanisms/index.js';
import { bootstrapRows, centredInterval, openSpread, type SpreadScore } from './bootstrap.js';
import type { Metric } from './contract.js';
import { derivedOnce } from './derived-once.js';
import type { FeatureRows, FeatureStore } from './features/feature-store.js';
import { factored, featureMoments, frechetDistance, type FeatureMoments } from './frechet.js';
import { takeRows } from './take-rows.js';

/** Below this many images the covariance is poor and FID is biased upwards by much; the result says so. */
const enough = 2000;
/** Synthetic images that the reference scores at most. */
const paperCap = 50_000;
/** Draws of the bootstrap, and the largest features for which it costs about a second. */
const draws = 100;
const bootstrapSize = 128;

/**
 * Fréchet distance between the features of the synthetic images and of the sensitive training images. Heusel et al. 2017.
 * The features are named in the result: a number by the digit features is not an Inception FID.
 *
 * @example const { fid } = await dp.evaluate({ images: run.images, dataset: 'mnist-10k', metrics: ['fid'] });
 */
export const fid: Metric<'fid'> = {
  id: 'fid',
  title: 'Fréchet distance of image features (FID)',
  unit: '',
  better: 'lower',
  leastSamples: 2,
  source: 'Heusel et al. 2017, arXiv 1706.08500',
  async evaluate({ synthetic, dataset, features, scale, seed, signal }) {
    const stream = new SeededStream(seed).fork('fid');
    const all = await features.synthetic(synthetic);
    const made = scale === 'paper' ? takeRows(all, paperCap, stream.fork('rows')) : all;
    const moments = await featureMoments(made, 'synthetic', signal);
    const real = await trainingMoments(await features.sensitive(dataset.train), signal);
    const spread = made.size <= bootstrapSize;
    const score = await derive(real, async (real): Promise<SpreadScore> => {
      const value = await frechetDistance(moments, real);
      return spread ? bootstrapped(value, made, real, stream.fork('bootstrap'), signal) : { value };
    });
    const over = `bootstrap over the synthetic images, ${draws} draws`;
    const { id, title, unit, better } = fid;
    return {
      metric: id,
      title,
      unit,
      better,
      ...(await openSpread(score, `FID against ${dataset.train.facts.name}`, spread ? over : undefined)),
      ...(await features.facts()),
      samples: made.rows,
      notes: notesOf(made, all.rows, dataset.train.size),
    };
  },
};

const trainingMoments = derivedOnce(async (rows: FeatureRows, signal) =>
  factored(await featureMoments(rows, 'training', signal)),
);

/** FID of images against a private set. */
export async function frechetToSensitive(synthetic: Images, real: SensitiveImages, features: FeatureStore) {
  const made = await featureMoments(await features.synthetic(synthetic), 'synthetic');
  const sealed = await trainingMoments(await features.sensitive(real));
  return measure(sealed, `FID against ${real.facts.name}`, (moments) => frechetDistance(made, moments));
}

async function bootstrapped(
  value: number,
  made: FeatureRows,
  real: FeatureMoments,
  stream: SeededStream,
  signal?: AbortSignal,
): Promise<SpreadScore> {
  const values: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    signal?.throwIfAborted();
    const again = await featureMoments(takeRows(made, bootstrapRows(made.rows, stream)), 'synthetic');
    values.push(await frechetDistance(again, real));
  }
  return centredInterval(value, values);
}

function notesOf({ rows, size }: FeatureRows, given: number, real: number): string[] {
  const notes = [];
  if (rows < given) notes.push(`${rows} of ${given} synthetic images, drawn by the seed`);
  if (rows < enough) notes.push(`only ${rows} images: too high by an unknown amount (${enough} or more advised)`);
  const words = { synthetic: rows, training: real };
  for (const [whose, count] of Object.entries(words))
    if (count <= size)
      notes.push(`the covariance of the ${whose} images is singular: ${count} images for ${size} features`);
  return notes;
}
