import { check, checkKeys, checkOneOf } from '../core/check.js';
import { DpbenchError, OptionError } from '../core/errors.js';
import type { Images, LabeledImages } from '../core/images.js';
import { scales, type Scale } from '../core/options.js';
import { progressGroup } from '../core/progress.js';
import type { MetricResult } from '../core/results.js';
import type { Dataset, LoadOptions } from '../data/contract.js';
import { datasets } from '../data/datasets.js';
import type { FloatImages } from '../data/image-arrays.js';
import type { DatasetName } from '../data/index.js';
import type { Metric, MetricContext } from '../metrics/contract.js';
import { features } from '../metrics/features/extractors.js';
import { FeatureStore } from '../metrics/features/feature-store.js';
import type { ExtractorName } from '../metrics/features/index.js';
import type { MetricName } from '../metrics/index.js';
import { metrics as registry } from '../metrics/metrics.js';
import type { SelectionOptions } from '../metrics/utility/selection.js';
import { Ledger } from '../privacy/index.js';
import { Evaluation } from './evaluation.js';
import { checkEvaluatedSelection, noisySelection } from './noisy-selection.js';
import { evaluatedImages } from './evaluated-images.js';
import { LastOpened } from './last-opened.js';

export interface EvaluateOptions extends SelectionOptions {
  /**
   * Images as bytes (`run.images`), as floats in [0, 1] with their shape, or the path of an .npz file with `x` and `y`, of a
   * result folder, or of a folder of PNG or JPEG files with a subfolder for each class.
   */
  readonly images: Images | LabeledImages | FloatImages | string;
  /** Class of each image, `[count]`, where `images` has none. */
  readonly labels?: ArrayLike<number>;
  /** Name of the sensitive dataset to score against. */
  readonly dataset: DatasetName;
  /** What tables call these images; the path, or `images`, when left out. */
  readonly name?: string;
  readonly metrics?: readonly MetricName[];
  /** Name of a feature extractor (`dp.features.names()`); the first that is made for such images when left out. */
  readonly features?: ExtractorName;
  readonly scale?: Scale;
  readonly seed?: number;
  /** Charged for the selection `noisy` too, before it is made: what the images cost and the choice then have a total. */
  readonly ledger?: Ledger;
  /** Of the ledger of that selection; that of `ledger`, or 1 / (N ln N), when left out. */
  readonly delta?: number;
  readonly root?: string;
  readonly signal?: AbortSignal;
}

/**
 * Scores images, whoever made them, against a sensitive dataset. Images of another size are resized (nearest pixel) and coloured
 * ones made grey where the dataset is, as the result says.
 *
 * @example
 * const mine = await dp.evaluate({ images: 'gen.npz', dataset: 'mnist' });
 * mine                     // draws itself as a table
 * mine.metrics.fid.value   // Diagnostic: 7.3
 * @throws OptionError for unknown names and images that do not fit, DataError for files that cannot be read.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const asked = 'dp.evaluate';
  checkKeys(asked, options, keys);
  const { scale = 'laptop', seed = 0, root, signal } = options;
  checkOneOf(asked, 'scale', scale, scales);
  const chosen = registry.chosen(options.metrics);
  check('countOrZero', asked, { seed });
  if (options.ledger !== undefined && !(options.ledger instanceof Ledger))
    throw new OptionError({ asked, wrong: 'ledger is no ledger', got: options.ledger, expected: 'a dp.Ledger' });
  const { shape, classes } = datasets.describe(options.dataset);
  const extractor = features.forShape(shape, options.features, scale);
  const { images, changes } = await evaluatedImages(asked, options, { shape, classes });
  const { selection, selectionEpsilon, heldOut } = checkEvaluatedSelection(asked, options);
  const dataset = await opened(options.dataset, { root, heldOut });
  const { name = typeof options.images === 'string' ? options.images : 'images' } = options;
  return progressGroup(`evaluating ${name} against ${dataset.name}`, async () => {
    const started = performance.now();
    const store = new FeatureStore(extractor, signal);
    const noisy =
      selectionEpsilon === undefined ? undefined : noisySelection(dataset, { ...options, selectionEpsilon });
    const context = { synthetic: images, dataset, scale, seed, features: store, signal, selection };
    const results = await evaluateMetrics(chosen, { ...context, ...(noisy && { heldOut: noisy.heldOut }) });
    const seconds = (performance.now() - started) / 1000;
    const record = { name, dataset: dataset.name, scale, seed, metrics: results, changes, seconds };
    return new Evaluation({ ...record, ...(noisy && { ledger: noisy.ledger }) }, images);
  });
}

/** The same dataset again is the same object, so that its features, which are kept with it, are not computed again. */
const lastOpened = new LastOpened<Dataset>();
const definitionsOpened = new WeakSet<object>();

function opened(name: DatasetName, options: LoadOptions): Promise<Dataset> {
  const definition = datasets.describe(name);
  if (!definitionsOpened.has(definition)) lastOpened.clear(); // one of that name may have been defined anew
  definitionsOpened.add(definition);
  const { root = process.env['DPBENCH_DATA'] } = options;
  return lastOpened.keep(JSON.stringify([name, { ...options, root }]), () => datasets.load(name, options));
}

const keys: readonly (keyof EvaluateOptions)[] = [
  'images',
  'labels',
  'dataset',
  'name',
  'metrics',
  'features',
  'scale',
  'seed',
  'selection',
  'selectionEpsilon',
  'heldOut',
  'ledger',
  'delta',
  'root',
  'signal',
];

/**
 * The metrics one after the other; one that fails is named in the error. Without a list all are computed that can be.
 *
 * @param failures where the messages of those that fail go: the others are computed then. For runs, whose training would be lost.
 */
export async function evaluateMetrics(
  chosen: readonly Metric[] | undefined,
  context: MetricContext,
  failures?: Record<string, string>,
): Promise<Record<string, MetricResult>> {
  const results: Record<string, MetricResult> = {};
  const { train, test } = context.dataset;
  const against = `${train.size} training and ${test.size} test records`;
  for (const metric of chosen ?? registry.all()) {
    context.signal?.throwIfAborted();
    const { leastSamples = 1 } = metric;
    if (!chosen && (context.synthetic.count < leastSamples || (await metric.missing?.(context)) !== undefined))
      continue;
    try {
      results[metric.id] = { ...(await metric.evaluate(context)), against };
    } catch (cause) {
      if (context.signal?.aborted) throw cause;
      const wrong = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
      if (failures) failures[metric.id] = wrong;
      else throw new DpbenchError({ asked: `metric ${metric.id}`, wrong }, { cause });
    }
  }
  context.signal?.throwIfAborted();
  return results;
}
