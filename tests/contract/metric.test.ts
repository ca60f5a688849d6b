import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Diagnostic, revealForDisplay } from '../../lib/core/diagnostic.js';
import { evenLabels, takeImages, type LabeledImages } from '../../lib/core/images.js';
import { onProgress } from '../../lib/core/progress.js';
import { SeededStream } from '../../lib/core/rng.js';
import { evaluate } from '../../lib/bench/evaluate.js';
import { datasets } from '../../lib/data/datasets.js';
import { features } from '../../lib/metrics/features/extractors.js';
import { FeatureStore } from '../../lib/metrics/features/feature-store.js';
import { metrics } from '../../lib/metrics/metrics.js';
import { setupEngine, tf } from '../../lib/tensor/index.js';

let digits: LabeledImages;
beforeAll(async () => {
  await setupEngine();
  const { images } = await datasets.loadPublic('mnist-10k');
  digits = takeImages(
    images,
    Array.from({ length: 600 }, (_, i) => i),
  );
});

const score = (metric: string, images: LabeledImages, seed = 0) =>
  evaluate({ images, dataset: 'mnist-10k', metrics: [metric], scale: 'smoke', seed }).then(
    ({ metrics }) => metrics[metric]!,
  );

/** Grey snow with labels at will: worse than digits by any measure. */
function snow(count: number): LabeledImages {
  const stream = new SeededStream(4);
  const data = Uint8Array.from({ length: count * 28 * 28 }, () => stream.integer(256));
  return { data, labels: evenLabels(count, 10), count, height: 28, width: 28, channels: 1 };
}

describe.each(metrics.all())('metric $id', (metric) => {
  it('says what it is', () => {
    expect(metric.title.length).toBeGreaterThan(5);
    expect(metric.source.length).toBeGreaterThan(5);
    expect(['higher', 'lower']).toContain(metric.better);
    expect(['', '%']).toContain(metric.unit);
  });

  beforeEach(async (test) => {
    const dataset = await datasets.load('mnist-10k');
    const store = new FeatureStore(features.forShape(dataset.shape));
    const words = await metric.missing?.({ synthetic: digits, dataset, scale: 'smoke', seed: 0, features: store });
    test.skip(words !== undefined, `${metric.id}: ${words}`);
  });

  it('gives a finite diagnostic with its name, direction and number of images, and leaves no tensor behind', async () => {
    await score(metric.id, digits); // features and their like stay for the process
    const before = tf.memory().numTensors;
    const result = await score(metric.id, digits);
    expect(tf.memory().numTensors).toBe(before);
    const { id, title, unit, better } = metric;
    expect(result).toMatchObject({ metric: id, title, unit, better });
    expect(result.samples).toBeGreaterThan(0);
    expect(result.samples).toBeLessThanOrEqual(600);
    expect(result.value).toBeInstanceOf(Diagnostic);
    expect(Number.isFinite(revealForDisplay(result.value))).toBe(true);
  });

  it('finds real digits better than snow', async () => {
    const [real, noise] = [await score(metric.id, digits), await score(metric.id, snow(600))];
    const gain = revealForDisplay(real.value) - revealForDisplay(noise.value);
    expect(metric.better === 'higher' ? gain : -gain).toBeGreaterThan(0);
  });

  it('repeats by seed', async () => {
    const values = [await score(metric.id, digits, 5), await score(metric.id, digits, 5)].map(({ value }) =>
      revealForDisplay(value),
    );
    expect(values[0]).toBe(values[1]);
  });

  it('stops when it is aborted, where it takes long, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const stop = onProgress(({ step, done }) => step > 0 && !done && controller.abort(new Error('enough')));
    const options = { images: digits, dataset: 'mnist-10k', metrics: [metric.id], scale: 'smoke' } as const;
    const ended = await evaluate({ ...options, signal: controller.signal }).catch((error: unknown) => error);
    stop();
    if (controller.signal.aborted) expect(ended).toMatchObject({ message: 'enough' });
    expect(tf.memory().numTensors).toBe(before);
  });
});
