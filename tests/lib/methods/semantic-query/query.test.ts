import { beforeAll, describe, expect, it } from 'vitest';
import type { LabeledImages } from '../../../../lib/core/images.js';
import { parameterValues } from '../../../../lib/core/options.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { binCounts, type BinQuery } from '../../../../lib/mechanisms/counts.js';
import type { Released } from '../../../../lib/mechanisms/index.js';
import { semanticParameters } from '../../../../lib/methods/semantic-query/parameters.js';
import type { SemanticClassifier } from '../../../../lib/methods/semantic-query/pretrain-classifier.js';
import { askCategories, spendsOnCategories } from '../../../../lib/methods/semantic-query/query.js';
import { semanticNetwork } from '../../../../lib/methods/semantic-query/semantic-network.js';
import { drawnVector } from '../../../../lib/nn/classifiers/packed-values.js';
import { firstStatistics, packingsOf } from '../../../../lib/nn/classifiers/trained-classifier.js';
import { setupEngine, tf, type Tensor1D, type Tensor2D } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const shape = { height: 8, width: 8, channels: 1 };
const classes = 4;
const categories = 9;
const paramsOf = (categoriesEach: number) => parameterValues('query', semanticParameters, 'smoke', { categoriesEach });

/** The classifier of smoke scale with weights as they are drawn, or all the same value. */
function newClassifier(fill?: number): SemanticClassifier {
  const built = semanticNetwork({ classifier: 'small' }, shape, categories);
  const parameters = tf.tidy(() => {
    const drawn = drawnVector(built.network.parameters, new SeededStream(1));
    const weights = tf.variable(fill === undefined ? drawn : tf.fill<Tensor1D['rankType']>(drawn.shape, fill));
    const statistics = tf.variable(firstStatistics(built.network, packingsOf(built.network).statistics));
    return { weights, statistics };
  });
  return { ...built, ...parameters };
}

/** Does something with the query as the mechanism gets it. */
async function withQuery(classifier: SemanticClassifier, k: number, work: (query: BinQuery) => Promise<void>) {
  const histogram = async (_of: string, query: BinQuery) => {
    await work(query);
    return undefined as unknown as Released<Int32Array>;
  };
  await askCategories(classifier, { histogram }, paramsOf(k));
}

const pool = new SeededStream('pool');
const picture = (value: (i: number) => number) => Uint8Array.from({ length: 64 }, (_, i) => value(i));
/** Images of chance, and such that somebody may send who wants to do harm. */
const pictures = [
  picture(() => 0),
  picture(() => 255),
  picture((i) => 255 * (i % 2)),
  picture((i) => (i === 0 ? 1 : 0)),
  ...Array.from({ length: 20 }, () => picture(() => pool.integer(256))),
];

function rowsOf(records: readonly { readonly picture: number; readonly label: number }[]): LabeledImages {
  const data = new Uint8Array(records.length * 64);
  records.forEach(({ picture }, i) => data.set(pictures[picture]!, i * 64));
  return { data, labels: Uint8Array.from(records, ({ label }) => label), count: records.length, ...shape };
}

/** The largest change of all counts, in L2 norm, when a record joins a dataset, over so many datasets. */
async function largestChange(query: BinQuery, k: number, pairs: number, seed: string): Promise<number> {
  const stream = new SeededStream(seed);
  let largest = 0;
  for (let pair = 0; pair < pairs; pair++) {
    // Classes as they come, or nearly all of one class; there are always some without a record.
    const only = stream.integer(2) === 0 ? stream.integer(classes) : undefined;
    const record = () => ({ picture: stream.integer(pictures.length), label: only ?? stream.integer(classes) });
    const others = Array.from({ length: stream.integer(4) }, record);
    const at = stream.integer(others.length + 1);
    const joined = others.toSpliced(at, 0, { ...record(), label: stream.integer(classes) });
    const [without, with_] = [
      await binCounts(rowsOf(others), classes, query, k),
      await binCounts(rowsOf(joined), classes, query, k),
    ];
    largest = Math.max(largest, Math.hypot(...with_.map((count, i) => count - without[i]!)));
  }
  return largest;
}

const noTolerance = 1e-12;

describe('the plan of the query', () => {
  it('states the root of the categories as its sensitivity, with noise that no budget changes', () => {
    const planned = spendsOnCategories({ ...paramsOf(5), queryNoiseMultiplier: 50 });
    expect(planned).toMatchObject({ mechanism: 'histogram', binsPerRecord: 5, noise: 'fixed' });
    expect(planned.sensitivity).toBe(Math.sqrt(5));
    expect([0.1, 3].map((free) => planned.noiseMultiplier(free))).toEqual([50, 50]);
  });
});

describe('a record', () => {
  it('with logits 3, 1, 2, 0 in class 1 counts in (1, 0) and (1, 2)', async () => {
    const network = {
      ...{ name: 'made up', shape, classes: 4, statistics: {} },
      parameters: { logits: { shape: [4], initial: { law: 'constant', value: 0 } as const } },
      features: (images: object) => images as Tensor2D,
      head: (images: Tensor2D, { weights }: { weights: Record<string, object> }) =>
        images
          .mean()
          .mul(0)
          .add(weights['logits'] as Tensor1D)
          .reshape([1, 4]) as Tensor2D,
    } as unknown as SemanticClassifier['network'];
    const [weights, statistics] = tf.tidy(() => [tf.variable(tf.tensor1d([3, 1, 2, 0])), tf.variable(tf.zeros([1]))]);
    const prepare: SemanticClassifier['prepare'] = (images) => images;
    await withQuery({ network, prepare, weights: weights!, statistics: statistics! }, 2, async (query) => {
      const counts = await binCounts(rowsOf([{ picture: 5, label: 1 }]), 2, query, 2);
      expect([...counts]).toEqual([0, 0, 0, 0, 1, 0, 1, 0]);
      expect(Math.hypot(...counts)).toBe(Math.SQRT2);
    });
    tf.dispose([weights!, statistics!]);
  });
});

describe('neighbours', { timeout: 120_000 }, () => {
  it.each([1, 3])('differ by the root of k at most, over 1,000 pairs: k = %i', async (k) => {
    const before = tf.memory().numTensors;
    const classifier = newClassifier();
    await withQuery(classifier, k, async (query) => {
      const largest = await largestChange(query, k, 1000, `pairs of ${k}`);
      expect(largest).toBeLessThanOrEqual(Math.sqrt(k) + noTolerance);
      expect(largest).toBeGreaterThan(Math.sqrt(k) - noTolerance); // and it is reached
    });
    tf.dispose([classifier.weights, classifier.statistics]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ['ties of all categories', 0],
    ['no number for any', NaN],
  ])('do so with %s', async (_name, fill) => {
    const classifier = newClassifier(fill);
    await withQuery(classifier, 3, async (query) => {
      expect(await largestChange(query, 3, 50, 'odd weights')).toBeLessThanOrEqual(Math.sqrt(3) + noTolerance);
    });
    tf.dispose([classifier.weights, classifier.statistics]);
  });

  it('are told from those of a query whose records count in 2 k bins', async () => {
    const classifier = newClassifier();
    await withQuery(classifier, 6, async (query) => {
      expect(await largestChange(query, 6, 20, 'mutation')).toBeGreaterThan(Math.sqrt(3) + 0.5);
      // The mechanism takes no more bins of a record than were planned, whatever a query gives.
      expect(await largestChange(query, 3, 20, 'mutation')).toBeLessThanOrEqual(Math.sqrt(3) + noTolerance);
    });
    tf.dispose([classifier.weights, classifier.statistics]);
  });

  it('are told from those of a query that looks at other records too', async () => {
    const classifier = newClassifier();
    await withQuery(classifier, 1, async (query) => {
      const together: BinQuery = {
        ...query,
        batchSize: 100,
        binsOf: (images) => tf.fill([images.shape[0], 1], images.shape[0] % categories),
      };
      expect(await largestChange(together, 1, 50, 'together')).toBeGreaterThan(1.4);
      expect(query.batchSize).toBe(1);
    });
    tf.dispose([classifier.weights, classifier.statistics]);
  });
});
