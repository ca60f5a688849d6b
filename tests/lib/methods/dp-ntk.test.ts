import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../lib/core/rng.js';
import { labelSums } from '../../../lib/mechanisms/label-sums.js';
import { gaussian } from '../../../lib/mechanisms/index.js';
import { dpNtk } from '../../../lib/methods/dp-ntk.js';
import { embeddingQuery } from '../../../lib/methods/embedding/embedding.js';
import { drawNtkNetwork, ntkNetworkOf, ntkTensors } from '../../../lib/methods/embedding/ntk-network.js';
import { tangentEmbedding } from '../../../lib/methods/embedding/tangent-embedding.js';
import { parameterValues } from '../../../lib/core/options.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';
import { largestChange, negligible, toyFacts } from './embedding/neighbours.js';

beforeAll(() => setupEngine());

/** Noise of a millionth and float32 leave this much of a distance. */
const rounding = 1e-4;

describe('DP-NTK', () => {
  const { shape } = toyFacts;
  const plan = gaussian({ of: 'x', l2Sensitivity: 1 / toyFacts.size, noiseMultiplier: negligible });
  const network = (widths: [number] | [number, number], factor = 1) => {
    const drawn = drawNtkNetwork({ shape, widths, outputs: 3 }, new SeededStream(1));
    return ntkNetworkOf(
      ntkTensors(drawn).map((tensor) => tensor.mul(factor)),
      3,
    );
  };
  const change = (pairs: number, of: ReturnType<typeof network>) => {
    const query = embeddingQuery(tangentEmbedding(of));
    return largestChange(pairs, plan, async (mechanisms) => (await mechanisms.labelMeans('x', query)).value);
  };

  it('declares the sensitivity of its release: 1,000 pairs of neighbours are no farther apart, and some are as far', async () => {
    for (const widths of [[5], [3, 4]] as const) {
      const largest = await change(504, network([...widths]));
      expect(largest).toBeLessThan(1 + rounding);
      expect(largest).toBeGreaterThan(1 - rounding);
    }
  });

  it('stays below it with weights that overflow: such a record counts as nothing', async () => {
    expect(await change(16, network([5], 1e12))).toBeLessThan(1 + rounding);
    expect(await change(16, network([5], 1e30))).toBeLessThan(1 + rounding);
    expect(await change(16, network([5], 1e39))).toBeLessThan(rounding); // weights are infinite, all features NaN
  });

  it('moves by the root of two over N when one record changes its label', async () => {
    const query = embeddingQuery(tangentEmbedding(network([5])));
    const rows = { data: Uint8Array.from({ length: 24 }, (_, i) => 10 * i), count: 4, ...shape };
    const sums = (labels: number[]) => labelSums({ ...rows, labels: Uint8Array.from(labels) }, 3, query);
    const [one, other] = [await sums([0, 1, 2, 1]), await sums([0, 1, 0, 1])];
    expect(Math.hypot(...one.map((value, i) => value - other[i]!))).toBeCloseTo(Math.SQRT2, 5);
  });

  it('plans one release of all records, at every scale', () => {
    for (const scale of ['smoke', 'laptop', 'paper'] as const) {
      const releases = dpNtk.spends(parameterValues('dp-ntk', dpNtk.params, scale), { ...toyFacts, size: 60000 });
      expect(releases).toMatchObject([{ mechanism: 'gaussian', sensitivity: 1 / 60000, noise: 'calibrated' }]);
    }
  });

  it('draws layers as PyTorch does: uniform within one over the root of the inputs', async () => {
    const before = tf.memory().numTensors;
    const wide = { height: 10, width: 10, channels: 1 };
    const drawn = drawNtkNetwork({ shape: wide, widths: [50, 400], outputs: 7 }, new SeededStream(2));
    const check = async (values: ArrayLike<number>, bound: number) => {
      const all = Array.from(values);
      expect(Math.max(...all.map(Math.abs))).toBeLessThanOrEqual(bound);
      // The deviation of a uniform number is bound / sqrt(3); of its estimate from n, about 0.45 / sqrt(n) of that.
      const deviation = Math.sqrt(all.reduce((sum, value) => sum + value ** 2, 0) / all.length);
      expect(Math.abs((deviation * Math.sqrt(3)) / bound - 1)).toBeLessThan((4 * 0.45) / Math.sqrt(all.length));
    };
    await check(await drawn.first.weights.data(), 0.1);
    await check(await drawn.second!.weights.data(), 1 / Math.sqrt(50));
    await check(await drawn.second!.biases.data(), 1 / Math.sqrt(50));
    // Sums of seven: deviation sqrt(7 / 3) / sqrt(400), to 4 standard errors of 400 about normal numbers.
    const readout = Array.from(await drawn.readout.data());
    const deviation = Math.sqrt(readout.reduce((sum, value) => sum + value ** 2, 0) / 400);
    expect(Math.abs(deviation / Math.sqrt(7 / 3 / 400) - 1)).toBeLessThan(4 / Math.sqrt(800));
    tf.dispose(ntkTensors(drawn));
    expect(tf.memory().numTensors).toBe(before);
  });
});
