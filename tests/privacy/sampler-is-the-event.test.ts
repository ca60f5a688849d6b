import { beforeAll, describe, expect, it } from 'vitest';
import { gaussianEvent, poissonSampledEvent, selfComposedEvent } from '../../lib/core/events.js';
import { SeededStream } from '../../lib/core/rng.js';
import { gaussianOnSamples } from '../../lib/mechanisms/index.js';
import { setupEngine, tf, type Tensor2D, type Tensor4D } from '../../lib/tensor/index.js';
import { mechanismsOn, type Toy } from './toy.js';

beforeAll(() => setupEngine());

const [size, sampleRate, steps] = [40, 0.25, 1000];

/**
 * The check: the batches of a Poisson sampler of this rate. Which of a few marked records are in a batch is known; sizes must
 * be binomial, and a record in one batch must be in the next as often as in any (a shuffled epoch never repeats one).
 */
function isPoisson(batches: readonly { readonly size: number; readonly marked: boolean }[]): boolean {
  const n = batches.length;
  const mean = size * sampleRate;
  const variance = mean * (1 - sampleRate);
  const sizes = batches.map((batch) => batch.size);
  const observed = sizes.reduce((sum, s) => sum + (s - mean) ** 2, 0) / n;
  const repeats = batches.filter((batch, i) => batch.marked && batches[i + 1]?.marked).length / (n - 1);
  const repeatVariance = sampleRate ** 2 * (1 - sampleRate ** 2) * 2; // neighbouring pairs overlap: at most twice
  return (
    Math.abs(observed / variance - 1) < 4 * Math.sqrt(2 / n) + 0.02 &&
    Math.abs(repeats - sampleRate ** 2) < 4 * Math.sqrt(repeatVariance / n)
  );
}

describe('pitfall 3: the sampler is the event', () => {
  it('holds: what the mechanism draws is what the ledger says', async () => {
    // The first record is marked by class 1 and all others are of class 0, so the released sums are the batch.
    const toy: Toy = Array.from({ length: size }, (_, i) => [0, i === 0 ? 1 : 0]);
    const plan = [gaussianOnSamples({ of: 'x', l2Sensitivity: 1 / 10, sampleRate, steps, noiseMultiplier: 0.01 })];
    const { mechanisms, ledger } = mechanismsOn(toy, plan);
    const ones = (images: Tensor4D) => tf.ones([images.shape[0], 1]) as Tensor2D;
    const { value } = await mechanisms.sampledLabelMeans('x', { features: ones, dimension: 1, clipNorm: 1 });
    const batches = value.map(([others, marked]) => ({
      size: Math.round((others! + marked!) * size * sampleRate),
      marked: Math.round(marked! * size * sampleRate) === 1,
    }));
    expect(isPoisson(batches)).toBe(true);
    const each = poissonSampledEvent(sampleRate, gaussianEvent(0.01));
    expect(ledger.entries.map(({ event }) => event)).toEqual([selfComposedEvent(each, steps)]);
  });

  it('fails for the mutation that walks through shuffled epochs, and for batches of one size', () => {
    const stream = new SeededStream(4);
    const perEpoch = 1 / sampleRate;
    let order = stream.permutation(size);
    const epochs = Array.from({ length: steps }, (_, step) => {
      if (step % perEpoch === 0) order = stream.permutation(size);
      const start = (step % perEpoch) * size * sampleRate;
      const batch = order.subarray(start, start + size * sampleRate);
      return { size: batch.length, marked: batch.includes(0) };
    });
    expect(isPoisson(epochs)).toBe(false);
    const noisySizes = epochs.map((batch) => ({
      ...batch,
      size: Array.from({ length: size }, () => Number(stream.uniform() < sampleRate)).reduce((a, b) => a + b, 0),
    }));
    expect(isPoisson(noisySizes)).toBe(false);
  });
});
