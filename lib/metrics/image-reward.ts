import { Diagnostic } from '../core/diagnostic.js';
import { OptionError } from '../core/errors.js';
import { takeImages, type LabeledImages } from '../core/images.js';
import type { ScoreInterval, ScorePart } from '../core/results.js';
import { SeededStream } from '../core/rng.js';
import { bootstrapRows, centredInterval, intervalLevel } from './bootstrap.js';
import type { Metric, MetricContext } from './contract.js';
import { preprocessing } from './image-reward/preprocess.js';
import { promptsOf } from './image-reward/prompts.js';
import { imageRewardFiles, whatIsMissing, type RewardFiles } from './image-reward/reward-files.js';
import { scoreImages } from './image-reward/score-images.js';

/** Images that are scored at most: about half a second each on two cores. */
const caps = { smoke: 16, laptop: 256, paper: Infinity };
const draws = 200;

/**
 * How much people would like each synthetic image for a prompt that names its class, by ImageReward-v1.0; the mean over the images. Xu et
 * al. 2023, arXiv 2304.05977, as DPImageBench uses it, but with each prompt at its own class (see `promptsOf`). It reads no private
 * data: a set of images gets the same score whatever it is said to imitate, if only the classes are the same.
 *
 * The weights are 1.8 GB, and scoring takes up to 3.6 GB of memory; 1,000 images take about ten minutes on two cores. `missing` says
 * where the weights are not on the machine; `evaluate` downloads them.
 *
 * @example const scores = await dp.evaluate({ images: run.images, dataset: 'mnist', metrics: ['image-reward'] });
 */
export const imageReward = imageRewardWith(imageRewardFiles);

/** The metric with the files of some model: the published one, or a small one for tests. */
export function imageRewardWith(files: RewardFiles): Metric<'image-reward'> {
  const metric: Metric<'image-reward'> = {
    id: 'image-reward',
    title: 'Human preference for an image of its class (ImageReward)',
    unit: '',
    better: 'higher',
    source: 'Xu et al. 2023, arXiv 2304.05977',
    async missing() {
      return whatIsMissing(files);
    },
    async evaluate({ synthetic, dataset, scale, seed, signal }) {
      checkLabels(synthetic, dataset);
      const stream = new SeededStream(seed).fork('image-reward');
      const images = atMost(synthetic, caps[scale], stream.fork('rows'));
      const { prompts, wording } = promptsOf(dataset);
      const { scores, checksum } = await scoreImages(images, prompts, files, signal);
      const interval = intervalOf(scores, stream.fork('bootstrap'));
      const { id, title, unit, better } = metric;
      return {
        metric: id,
        title,
        unit,
        better,
        value: shown(mean(scores)),
        ...(interval && { interval }),
        parts: partsOf(scores, images, dataset.classes),
        extractor: { name: files.name, checksum, preprocessing: preprocessing(files.sizes.pixels) },
        samples: images.count,
        notes: [
          ...(images.count < synthetic.count
            ? [`${images.count} of ${synthetic.count} images, drawn by the seed`]
            : []),
          wording,
          'reads no private data: the synthetic images and the names of the classes alone',
        ],
      };
    },
  };
  return metric;
}

function checkLabels({ count, labels }: LabeledImages, { name, classes }: MetricContext['dataset']): void {
  const asked = 'image-reward';
  if (count === 0) throw new OptionError({ asked, wrong: 'there are no images', got: 0, expected: 'at least 1' });
  const strange = labels.find((label) => label >= classes.length);
  if (strange === undefined) return;
  const expected = `0 to ${classes.length - 1}`;
  throw new OptionError({ asked, wrong: `an image has a label that is no class of ${name}`, got: strange, expected });
}

function atMost(images: LabeledImages, cap: number, stream: SeededStream): LabeledImages {
  if (images.count <= cap) return images;
  return takeImages(images, stream.permutation(images.count).subarray(0, cap));
}

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;

/** A diagnostic as every score, although no private data are in it. */
const shown = (value: number): Diagnostic<number> => new Diagnostic(value, 'ImageReward of the synthetic images');

/** One a class; a class without an image has none. */
function partsOf(scores: Float64Array, { labels }: LabeledImages, classes: readonly string[]): ScorePart[] {
  return classes.flatMap((name, label) => {
    const own = scores.filter((_, i) => labels[i] === label);
    return own.length === 0 ? [] : [{ name, value: shown(mean(own)) }];
  });
}

function intervalOf(scores: Float64Array, stream: SeededStream): ScoreInterval | undefined {
  if (scores.length < 2) return undefined;
  const again = () => mean(Float64Array.from(bootstrapRows(scores.length, stream), (row) => scores[row]!));
  const means = Array.from({ length: draws }, again);
  const { lower, upper } = centredInterval(mean(scores), means);
  const over = `bootstrap over the synthetic images, ${draws} draws`;
  return { lower: shown(lower), upper: shown(upper), level: intervalLevel, over };
}
