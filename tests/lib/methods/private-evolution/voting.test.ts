import { beforeAll, describe, expect, it } from 'vitest';
import { SecureStream, SeededStream } from '../../../../lib/core/rng.js';
import { Mechanisms, noisyHistogram, Sensitive } from '../../../../lib/mechanisms/index.js';
import { nearestOfOwnClass } from '../../../../lib/methods/private-evolution/voting.js';
import { Ledger } from '../../../../lib/privacy/index.js';
import { setupEngine, tf, type Tensor2D, type Tensor4D } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

/** The example of the specification, in tenths: synthetic (0, 0), (1, 0), (0, 2), records around them. */
const synthetic = [0, 0, 10, 0, 0, 20];
const records = [
  [1, 1],
  [6, 0],
  [9, 2],
  [0, 11],
  [0, 9],
];

async function votes(of: readonly (readonly number[])[], each: number): Promise<number[]> {
  const embeddings = tf.tensor2d(of.flat(), [of.length, 2]);
  const labels = tf.ones([of.length, 1]) as Tensor2D;
  const nearest = nearestOfOwnClass({ embeddings, labels }, tf.tensor2d(synthetic, [3, 2]), each);
  const counts = [0, 0, 0];
  for (const bin of await nearest.data()) counts[bin]!++;
  return counts;
}

describe('nearestOfOwnClass', () => {
  it('votes as worked out by hand', async () => {
    // Specification 6.6, examples 1 and 2.
    expect(await votes(records, 1)).toEqual([2, 2, 1]);
    expect(await votes(records, 2)).toEqual([5, 3, 2]);
    const fewer = records.filter((_, i) => i !== 1);
    expect(await votes(fewer, 1)).toEqual([2, 1, 1]); // a distance of 1
    expect(await votes([...fewer, [0, 9.5]], 1)).toEqual([3, 1, 1]); // replaced: a distance of sqrt 2
    expect(await votes(fewer, 2)).toEqual([4, 2, 2]); // a distance of sqrt 2
  });

  it('looks at the record’s own class, and takes the lowest numbers of equally near images', async () => {
    const before = tf.memory().numTensors;
    const candidates = tf.tensor2d([5, 5, 5, 5, 9, 0, 0, 0, 3, 3, 3, 3], [12, 1]); // two classes of six
    const embeddings = tf.tensor2d([5, 5, 3, 0], [4, 1]);
    const labels = tf.oneHot(tf.tensor1d([0, 1, 1, 0], 'int32'), 2).toFloat() as Tensor2D;
    const nearest = nearestOfOwnClass({ embeddings, labels }, candidates, 3);
    expect(await nearest.array()).toEqual([
      [0, 1, 2],
      [2, 3, 4], // 3, of the second class
      [2, 3, 4],
      [5, 0, 1],
    ]);
    tf.dispose([candidates, embeddings, labels, nearest]);
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before + 2); // the test's own one-hot numbers
  });
});

const classes = ['a', 'b', 'c'];
const [bins, size] = [7, 4];

/** A record: bytes of its image of 1 x 4 pixels, and its label. */
type Row = readonly [bytes: readonly number[], label: number];

/** The votes of records, released with noise so small that rounding takes it away. */
async function released(
  rows: readonly Row[],
  candidates: Tensor2D,
  { each, embed, batchSize }: { each: number; embed: (images: Tensor4D) => Tensor2D; batchSize?: number },
): Promise<Int32Array> {
  const shape = { height: 1, width: size, channels: 1 };
  const data = Uint8Array.from(rows.flatMap(([bytes]) => bytes));
  const labels = Uint8Array.from(rows, ([, label]) => label);
  const images = { data, labels, count: rows.length, ...shape };
  const mechanisms = new Mechanisms({
    sensitive: Sensitive.seal(images, { name: 'toy', size: 10, classes, shape }),
    plan: [noisyHistogram({ of: 'votes', binsPerRecord: each, noiseMultiplier: 1e-6 })],
    noiseMultiplier: 1,
    ledger: new Ledger({ delta: 1e-5 }),
    noise: new SecureStream(1),
  });
  const binsOf = (images: Tensor4D, labels: Tensor2D) =>
    nearestOfOwnClass({ embeddings: embed(images), labels }, candidates, each);
  return (await mechanisms.histogram('votes', { bins, byClass: true, binsOf, batchSize })).value;
}

const whole = (images: Tensor4D) => images.reshape([-1, size]).mul(255).round() as Tensor2D;
const norm = (a: Int32Array, b: Int32Array) => Math.hypot(...a.map((value, i) => value - b[i]!));

describe('votes through the mechanism', () => {
  it('move by at most the root of the votes of a record: 1,000 pairs of neighbours, hostile ones too', async () => {
    const stream = new SeededStream(3);
    const random = (values: number): Row => [
      Array.from({ length: size }, () => stream.integer(values)),
      stream.integer(3),
    ];
    // Bytes of 0 to 3 make many equal distances; NaN comes from an embedding that divides by zero for some images.
    const embeddings = [whole, (images: Tensor4D) => whole(images).div(whole(images)).mul(3) as Tensor2D];
    let pairs = 0;
    let largest = 0;
    for (let trial = 0; trial < 100; trial++) {
      const each = 1 + (trial % 3);
      const values = [256, 4, 1][trial % 3]!;
      const rows = Array.from({ length: 10 }, () => random(values));
      if (trial % 5 === 0) rows[3] = [[0, 0, 0, 0], 7]; // a label that is no class
      const candidates = tf.tensor2d(
        Array.from({ length: 3 * bins * size }, () => (trial % 7 === 6 ? NaN : stream.integer(values))),
        [3 * bins, size],
      );
      const query = { each, embed: embeddings[trial % 2]! };
      const all = await released(rows, candidates, query);
      for (let without = 0; without < rows.length; without++) {
        const fewer = await released(rows.toSpliced(without, 1), candidates, query);
        expect(norm(all, fewer)).toBeLessThanOrEqual(Math.sqrt(each) + 1e-9);
        largest = Math.max(largest, norm(all, fewer) / Math.sqrt(each));
        pairs++;
      }
      candidates.dispose();
    }
    expect(pairs).toBe(1000);
    expect(largest).toBeCloseTo(1, 9); // the bound is tight
  });

  it('are the same whoever else is in the batch', async () => {
    const stream = new SeededStream(4);
    const rows = Array.from({ length: 60 }, (): Row => [
      Array.from({ length: size }, () => stream.integer(4)),
      stream.integer(3),
    ]);
    const candidates = tf.tensor2d(
      Array.from({ length: 3 * bins * size }, () => stream.integer(4)),
      [3 * bins, size],
    );
    const query = { each: 1, embed: whole };
    const all = await released(rows, candidates, query);
    expect(all.reduce((sum, count) => sum + count, 0)).toBe(60);
    for (const batchSize of [1, 7, 59]) expect(await released(rows, candidates, { ...query, batchSize })).toEqual(all);
  });
});
