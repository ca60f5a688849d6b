import { checkKeys, checkOneOf } from '../core/check.js';
import { DpbenchError, OptionError } from '../core/errors.js';
import type { LabeledImages } from '../core/images.js';
import { scales, type Scale } from '../core/options.js';
import type { MetricResult } from '../core/results.js';
import type { DatasetName } from '../data/index.js';
import type { MetricName } from '../metrics/index.js';
import { datasets } from '../data/datasets.js';
import type { ExtractorName } from '../metrics/features/index.js';
import { features } from '../metrics/features/extractors.js';
import { FeatureStore } from '../metrics/features/feature-store.js';
import type { Metric, MetricContext } from '../metrics/contract.js';
import { metrics as registry } from '../metrics/metrics.js';

export interface EvaluateOptions {
  readonly images: LabeledImages;
  /** Name of the sensitive dataset to score against. */
  readonly dataset: DatasetName;
  readonly metrics?: readonly MetricName[];
  /** Name of a feature extractor (`dp.features.names()`); the first that is made for such images when left out. */
  readonly features?: ExtractorName;
  readonly scale?: Scale;
  readonly seed?: number;
  readonly root?: string;
  readonly signal?: AbortSignal;
}

/**
 * Scores synthetic images, however they were made, against a dataset.
 *
 * @example const { fid } = await dp.evaluate({ images: run.images, dataset: 'mnist-10k', metrics: ['fid'] });
 */
export async function evaluate(options: EvaluateOptions): Promise<Record<string, MetricResult>> {
  const asked = 'dp.evaluate';
  checkKeys(asked, options, ['images', 'dataset', 'metrics', 'features', 'scale', 'seed', 'root', 'signal']);
  const { images, scale = 'laptop', seed = 0, root, signal } = options;
  checkOneOf(asked, 'scale', scale, scales);
  const chosen = (options.metrics ?? registry.names()).map((name) => registry.get(name));
  const dataset = await datasets.load(options.dataset, { root });
  const { height, width, channels } = dataset.shape;
  if (images.height !== height || images.width !== width || images.channels !== channels)
    throw new OptionError({
      asked,
      wrong: `the images have another shape than ${dataset.name}`,
      got: [images.height, images.width, images.channels],
      expected: `[${height}, ${width}, ${channels}]`,
    });
  const store = new FeatureStore(features.forShape(dataset.shape, options.features), signal);
  return evaluateMetrics(chosen, { synthetic: images, dataset, scale, seed, features: store, signal });
}

/** The metrics one after the other; one that fails is named in the error. */
export async function evaluateMetrics(
  chosen: readonly Metric[],
  context: MetricContext,
): Promise<Record<string, MetricResult>> {
  const results: Record<string, MetricResult> = {};
  for (const metric of chosen) {
    try {
      results[metric.id] = await metric.evaluate(context);
    } catch (cause) {
      if (context.signal?.aborted) throw cause;
      const wrong = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
      throw new DpbenchError({ asked: `metric ${metric.id}`, wrong }, { cause });
    }
  }
  return results;
}
