import { beforeAll, describe, expect, it } from 'vitest';
import { SecureStream } from '../../lib/core/rng.js';
import { addRoundedGaussian } from '../../lib/mechanisms/dp-sgd/rounded-noise.js';
import { setupEngine } from '../../lib/tensor/index.js';
import { sumsOn, type Vectors } from './toy-training.js';
import { distance } from './toy.js';

beforeAll(() => setupEngine());

/** Records far above, near and below the bound. */
const vectors: Vectors = Array.from({ length: 21 }, (_, i) => [(i * 7) % 26, ((i * 11) % 26) / 10]);
const splits = [1, 3, 7, 16, 21, 64];
const noiseMultiplier = 2;

type Release = (microBatch: number, seed: number) => Promise<number[]>;
const released: Release = async (microBatch, seed) =>
  (await sumsOn(vectors, { microBatch, noiseMultiplier, noise: new SecureStream(seed) }))[0]!;

/** The check: with the same noise, any split of a batch gives the same noisy sum, up to the order of float32 additions. */
async function agree(release: Release): Promise<boolean> {
  const all: number[][] = [];
  for (const microBatch of splits) all.push(await release(microBatch, 5));
  return all.every((one) => distance(one, all[0]!) < 1e-3);
}

const clip = ([a, b]: readonly number[], count = 1) => {
  const factor = Math.min(1, count / Math.hypot(a!, b!));
  return [a! * factor, b! * factor];
};
const added = (rows: readonly (readonly number[])[]) =>
  [0, 1].map((axis) => rows.reduce((total, row) => total + row[axis]!, 0));
const parts = (size: number) =>
  Array.from({ length: Math.ceil(vectors.length / size) }, (_, i) => vectors.slice(i * size, (i + 1) * size));
const noisy = (sum: readonly number[], noise: SecureStream) => [
  ...addRoundedGaussian(Float32Array.from(sum), { l2Sensitivity: 1, noiseMultiplier }, noise),
];

describe('pitfall 7: micro-batches agree', () => {
  it('holds: sums are accumulated, and noise is added once', async () => {
    expect(await agree(released)).toBe(true);
    const sum = added(vectors.map((vector) => clip(vector)));
    // The noise is that of one release: of deviation 2 an entry, whatever the split.
    for (const microBatch of splits) {
      const sums = await sumsOn(vectors, { microBatch, noiseMultiplier, steps: 60 });
      const errors = sums.flatMap((one) => one.map((value, axis) => value - sum[axis]!));
      const deviation = Math.sqrt(errors.reduce((total, error) => total + error ** 2, 0) / errors.length);
      expect(Math.abs(deviation / noiseMultiplier - 1)).toBeLessThan(4 / Math.sqrt(2 * errors.length)); // 4 standard errors
    }
  });

  it('fails for the mutations that add noise to each micro-batch, or clip its sum or mean', async () => {
    const mutation =
      (part: (rows: Vectors, noise: SecureStream) => readonly number[], once = true): Release =>
      (microBatch, seed) => {
        const noise = new SecureStream(seed);
        const sum = added(parts(microBatch).map((rows) => part(rows, noise)));
        return Promise.resolve(once ? noisy(sum, noise) : sum);
      };
    const right = (rows: Vectors) => added(rows.map((row) => clip(row)));
    expect(await agree(mutation(right))).toBe(true);
    expect(await agree(mutation((rows, noise) => noisy(right(rows), noise), false))).toBe(false);
    expect(await agree(mutation((rows) => clip(added(rows))))).toBe(false);
    expect(await agree(mutation((rows) => clip(added(rows), rows.length)))).toBe(false);
  });
});
