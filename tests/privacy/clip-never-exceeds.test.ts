import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../lib/core/rng.js';
import { labelSums } from '../../lib/mechanisms/label-sums.js';
import { setupEngine, tf, type Tensor2D } from '../../lib/tensor/index.js';
import { rowsOf } from './toy.js';

beforeAll(() => setupEngine());

/** Vectors of few and many entries, a little and far above the bound. */
async function norms(clip: (vector: Tensor2D, dimension: number) => Promise<ArrayLike<number>>): Promise<number[]> {
  const stream = new SeededStream(9);
  const found: number[] = [];
  for (const dimension of [1, 2, 10, 1000, 20_000])
    for (let i = 0; i < 12; i++) {
      const values = new Float32Array(dimension);
      stream.fillNormal(values, 10 ** (i - 4));
      const vector = tf.tensor2d(values, [1, dimension]);
      found.push(Math.hypot(...Array.from(await clip(vector, dimension))));
      vector.dispose();
    }
  return found;
}

/** The check: no clipped norm, reckoned in double precision, is above 1. */
const neverExceeds = async (clip: Parameters<typeof norms>[0]) => Math.max(...(await norms(clip))) <= 1;

describe('pitfall 12: a clipped norm never exceeds the bound', () => {
  const clip = (vector: Tensor2D, dimension: number) =>
    labelSums(rowsOf([[0, 0]]), 1, { features: () => vector.clone(), dimension, clipNorm: 1 });

  it('holds, and gives away less than two millionths of the norm', async () => {
    expect(await neverExceeds(clip)).toBe(true);
    const clipped = (await norms(clip)).filter((norm) => norm > 0.999);
    expect(clipped.length).toBeGreaterThan(20);
    expect(Math.min(...clipped)).toBeGreaterThan(1 - 2e-6);
  });

  it('fails for the mutation that clips to the bound itself in float32', async () => {
    const mutation = (vector: Tensor2D) => tf.tidy(() => vector.mul(tf.minimum(1, tf.div(1, vector.norm())))).data();
    expect(await neverExceeds(mutation)).toBe(false);
  });
});
