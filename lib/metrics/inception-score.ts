import { Diagnostic } from '../core/diagnostic.js';
import { OptionError } from '../core/errors.js';
import { SeededStream } from '../core/rng.js';
import { tf } from '../tensor/index.js';
import { bootstrapRows, centredInterval, intervalLevel } from './bootstrap.js';
import type { Metric, MetricContext } from './contract.js';
import type { FeatureRows } from './features/feature-store.js';

const draws = 100;
/** The head of the Inception network of 2015, whose score papers print. */
const inceptionClasses = 1008;
const of = 'Inception score of the synthetic images';

/**
 * Inception score: exp of the mean divergence of a network's class probabilities of an image from those of all images. It is 1 when
 * all images look alike to the network and as many as it has classes when they are clear and even. One split, natural
 * logarithms, all synthetic images. It reads no private data.
 *
 * @example const { 'inception-score': score } = await dp.evaluate({ images: run.images, dataset: 'mnist-10k', metrics: ['inception-score'] });
 */
export const inceptionScore: Metric<'inception-score'> = {
  id: 'inception-score',
  title: 'Clear and varied classes of a network (Inception score)',
  unit: '',
  better: 'higher',
  source: 'Salimans et al. 2016, arXiv 1606.03498, section 4; one split',
  async missing({ features }: MetricContext) {
    const { id, classes } = features.extractor;
    if (classes) return undefined;
    return `the features ${id} have no classes of their own; choose others (dp.features.names())`;
  },
  async evaluate({ synthetic, features, seed }) {
    const rows = await features.synthetic(synthetic);
    const { value, lower, upper } = await scoreOfLogits(rows, new SeededStream(seed).fork('inception-score'));
    const { id, title, unit, better } = inceptionScore;
    return {
      metric: id,
      title,
      unit,
      better,
      value: new Diagnostic(value, of),
      interval: {
        lower: new Diagnostic(lower, `${of}, lower end`),
        upper: new Diagnostic(upper, `${of}, upper end`),
        level: intervalLevel,
        over: `bootstrap over the synthetic images, ${draws} draws`,
      },
      ...(await features.facts()),
      samples: rows.rows,
      notes: notesOf(rows.classes, features.extractor.id),
    };
  },
};

function notesOf(classes: number, extractor: string): string[] {
  const notes = ['of the synthetic images alone: no private data were read'];
  if (classes !== inceptionClasses)
    notes.push(`between 1 and ${classes}, the classes of ${extractor}: no score of the Inception network`);
  return notes;
}

/**
 * The score of logits `[rows, classes]`, between 1 and the number of classes, and its interval.
 *
 * @throws OptionError without classes, without rows or for logits that are no numbers.
 */
export async function scoreOfLogits({ logits, classes, rows }: FeatureRows, stream: SeededStream) {
  const asked = 'Inception score';
  if (classes < 1 || rows < 1)
    throw new OptionError({ asked, wrong: 'no logits', got: [rows, classes], expected: 'rows and classes' });
  const bad = logits.find((value) => !Number.isFinite(value));
  if (bad !== undefined)
    throw new OptionError({ asked, wrong: 'a logit is no number', got: bad, expected: 'finite values' });
  // Probabilities of the classes, and the sum of p ln p behind them: all that the score needs of an image.
  const width = classes + 1;
  const parts = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) fillParts(logits, row * classes, classes, parts, row * width);
  const mean = new Float64Array(width);
  parts.forEach((value, i) => (mean[i % width]! += value / rows));
  const means = await drawnMeans(parts, rows, width, stream);
  return centredInterval(scoreOf(mean), means.map(scoreOf));
}

function fillParts(logits: Float32Array, from: number, classes: number, parts: Float64Array, to: number): void {
  let largest = -Infinity;
  for (let k = 0; k < classes; k++) largest = Math.max(largest, logits[from + k]!);
  let sum = 0;
  for (let k = 0; k < classes; k++) sum += Math.exp(logits[from + k]! - largest);
  const logSum = largest + Math.log(sum);
  let entropy = 0;
  for (let k = 0; k < classes; k++) {
    const log = logits[from + k]! - logSum;
    parts[to + k] = Math.exp(log);
    entropy += parts[to + k]! * log;
  }
  parts[to + classes] = entropy;
}

/** The mean divergence of p from its mean is the mean of p ln p less that of the mean. */
function scoreOf(mean: ArrayLike<number>): number {
  const classes = mean.length - 1;
  let divergence = mean[classes]!;
  for (let k = 0; k < classes; k++) if (mean[k]! > 0) divergence -= mean[k]! * Math.log(mean[k]!);
  return Math.exp(divergence);
}

/** The mean of the parts in each draw: one product of how often a row was drawn with the parts. */
async function drawnMeans(parts: Float64Array, rows: number, width: number, stream: SeededStream) {
  const times = new Float32Array(draws * rows);
  for (let draw = 0; draw < draws; draw++)
    for (const row of bootstrapRows(rows, stream)) times[draw * rows + row]! += 1 / rows;
  const product = tf.tidy(() =>
    tf.matMul(tf.tensor2d(times, [draws, rows]), tf.tensor2d(Float32Array.from(parts), [rows, width])),
  );
  const values = await product.data();
  product.dispose();
  return Array.from({ length: draws }, (_, draw) => values.subarray(draw * width, (draw + 1) * width));
}
