import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { ClippedGradient } from '../../../../lib/mechanisms/dp-sgd/clipped-gradient.js';
import { drawNoising, noiseLosses } from '../../../../lib/nn/latent-diffusion/noise-losses.js';
import { disposeAll } from '../../../../lib/nn/parameters.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { naiveClippedSums, normal, relativeDifference } from '../layers/naive.js';
import { largest, lossesOfTrained, tunedRoles, withoutGradient } from './looped-gradients.js';
import { smallNetworks, trainedWeights } from './small-networks.js';

beforeAll(() => setupEngine());

const records = 3;

/** float32 through some forty layers in another order, relative to the largest value; a transformer by itself is within 1e-5. */
const tolerance = 5e-5;

describe.each([
  ['DP-LDM', 0, 1],
  ['DP-LoRA', 2, 2],
] as const)('the clipped sums of %s', (method, rank, copies) => {
  it('are those of a loop over records, of the trained weights alone, over micro-batches', async () => {
    const before = tf.memory().numTensors;
    const networks = smallNetworks(rank);
    const weights = trainedWeights(networks);
    const { trained, losses } = lossesOfTrained(networks, weights, tunedRoles[method]);
    const inputs: Tensor[] = tf.tidy(() => [
      normal([records, 12, 8, 2], 'images').sigmoid(),
      tf.oneHot([0, 2, 1], 3).toFloat(),
      ...drawNoising(networks, { copies })(records, new SeededStream(3)),
    ]);
    const sumsAt = (clipNorm: number) =>
      tf.tidy(() => naiveClippedSums(losses, { weights: trained, inputs, clipNorm }));
    const unclipped = sumsAt(1e6);
    const sizes = [...(await unclipped.norms.data())];
    const clipNorm = (Math.min(...sizes) + Math.max(...sizes)) / 2; // some records are clipped and some are not
    expect(Math.max(...sizes) / Math.min(...sizes)).toBeGreaterThan(1.05);
    const { norms, sums } = sumsAt(clipNorm);
    const options = { losses: noiseLosses(networks), parameters: weights, trained: Object.keys(trained) };
    const gradient = new ClippedGradient({ ...options, clipNorm, microBatch: 2 });
    const got = await gradient.at(inputs);
    expect(Object.keys(got)).toEqual(Object.keys(trained));
    for (const [i, name] of Object.keys(trained).entries())
      if (withoutGradient(name))
        expect((await largest(got[name]!)) + (await largest(sums[i]!)), name).toBeLessThan(1e-8 * clipNorm);
      else expect(await relativeDifference(got[name]!, sums[i]!), name).toBeLessThan(tolerance);
    gradient.dispose();
    tf.dispose(got);
    disposeAll(weights);
    tf.dispose([inputs, unclipped, norms, sums]);
    expect(tf.memory().numTensors).toBe(before);
  }, 180_000);
});
