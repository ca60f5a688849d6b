import { beforeAll, describe, expect, it } from 'vitest';
import { onProgress } from '../../../lib/core/progress.js';
import { SeededStream } from '../../../lib/core/rng.js';
import { DiffusionSampler } from '../../../lib/nn/diffusion-sampler.js';
import { dataDeviation, edm } from '../../../lib/nn/edm-preconditioning.js';
import { disposeAll } from '../../../lib/nn/parameters.js';
import { noiseGrid, noiseLevelAt } from '../../../lib/nn/samplers/noise-grid.js';
import { standardNormal } from '../../../lib/nn/samplers/sampling.js';
import { unetSizes } from '../../../lib/nn/unet/sizes.js';
import { unet } from '../../../lib/nn/unet/unet.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const shape = { height: 28, width: 28, channels: 1 };
const network = unet({ shape, classes: 10, ...unetSizes.smoke });
const base = { preconditioning: edm, sampler: 'heun', steps: 10, guidance: 0, batchSize: 2 } as const;

describe('DiffusionSampler', () => {
  it('draws from the Gaussian that an untrained network stands for, by either sampler, with guidance or not', async () => {
    const before = tf.memory().numTensors;
    const parameters = network.initialise(new SeededStream(1));
    const stream = new SeededStream(2);
    const start = standardNormal([2, 28, 28, 1], stream.fork('from 0'));
    const noise = await start.data();
    // F = 0, so D = skip x: section 8.2.4 of the methods' specification gives what becomes of 80 in 10 levels.
    for (const [sampler, factor] of [
      ['heun', 0.699241],
      ['ddim', 0.42439],
    ] as const) {
      for (const guidance of [0, 2]) {
        const drawn = new DiffusionSampler(network, parameters, { ...base, sampler, guidance });
        const { data, ...rest } = await drawn.sample([3, 7], stream);
        expect(rest).toEqual({ count: 2, ...shape });
        const expected = noise.map((z) => 127.5 * (Math.min(1, Math.max(-1, z * factor)) + 1));
        // A byte is rounded, and the network is 1e-3 away from 0.
        expect(Math.max(...data.map((byte, i) => Math.abs(byte - expected[i]!)))).toBeLessThan(1);
        drawn.dispose();
      }
    }
    disposeAll(parameters);
    start.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives the same images whatever comes after them, others for another stream, and can be aborted', async () => {
    const parameters = network.initialise(new SeededStream(1));
    const before = tf.memory().numTensors;
    const sampler = new DiffusionSampler(network, parameters, { ...base, steps: 2, churn: { amount: 1 } });
    const steps: number[] = [];
    const stop = onProgress((report) => steps.push(report.step / report.steps));
    const three = await sampler.sample([1, 2, 3], new SeededStream(5));
    stop();
    expect(steps).toEqual([0, 0.25, 0.5, 0.75, 1, 1]); // two batches of two noise levels, and the end
    const two = await sampler.sample([1, 2], new SeededStream(5));
    expect(three.count).toBe(3);
    expect(three.data.slice(0, two.data.length)).toEqual(two.data);
    expect((await sampler.sample([1, 2], new SeededStream(6))).data).not.toEqual(two.data);
    const one = new DiffusionSampler(network, parameters, { ...base, sampler: 'ddim', steps: 3 });
    const other = await sampler.sample([1, 2], new SeededStream(5), { sampler: 'ddim', steps: 3 });
    expect(other.data).toEqual((await one.sample([1, 2], new SeededStream(5))).data);
    one.dispose();
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(sampler.sample([1], new SeededStream(5), { signal: aborted })).rejects.toThrow('enough');
    sampler.dispose();
    expect(tf.memory().numTensors).toBe(before);
    disposeAll(parameters);
  });

  it('goes a part of the walk again from images, with the noise of that point', async () => {
    const parameters = network.initialise(new SeededStream(1));
    const before = tf.memory().numTensors;
    const sampler = new DiffusionSampler(network, parameters, { ...base, sampler: 'ddim' });
    const stream = new SeededStream(2);
    const images = { data: Uint8Array.from({ length: 3 * 784 }, (_, i) => (i * 37) % 256), count: 3, ...shape };
    const again = await sampler.sample([1, 2, 3], stream, { again: { images, part: 0.5 } });
    // D = skip x: each of half the steps takes x to x (share + (1 - share) skip), and the last one to x skip.
    const levels = noiseGrid({ steps: 5, sigmaMax: noiseLevelAt(0.5) });
    const skip = (sigma: number) => dataDeviation ** 2 / (sigma ** 2 + dataDeviation ** 2);
    const factor = levels.reduce((product, sigma, i) => {
      const share = i === levels.length - 1 ? 0 : levels[i + 1]! / sigma;
      return product * (share + (1 - share) * skip(sigma));
    }, 1);
    for (const first of [0, 2]) {
      const start = standardNormal([2, 28, 28, 1], stream.fork(`from ${first}`));
      const noise = await start.data();
      start.dispose();
      for (let i = 0; i < Math.min(2, 3 - first) * 784; i++) {
        const noisy = images.data[first * 784 + i]! / 127.5 - 1 + noiseLevelAt(0.5) * noise[i]!;
        const expected = 127.5 * (Math.min(1, Math.max(-1, noisy * factor)) + 1);
        expect(Math.abs(again.data[first * 784 + i]! - expected)).toBeLessThan(1.5); // a byte, and a network that is not quite 0
      }
    }
    await expect(sampler.sample([1], stream, { again: { images, part: 0 } })).rejects.toThrow(
      'sampling again from images: part is out of range; got 0, expected a number above 0 and at most 1.',
    );
    sampler.dispose();
    expect(tf.memory().numTensors).toBe(before);
    disposeAll(parameters);
  });
});
