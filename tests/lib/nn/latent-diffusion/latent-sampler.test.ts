import { beforeAll, describe, expect, it } from 'vitest';
import { onProgress } from '../../../../lib/core/progress.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { LatentSampler } from '../../../../lib/nn/latent-diffusion/latent-sampler.js';
import { ddimSteps } from '../../../../lib/nn/latent-diffusion/noise-schedule.js';
import { disposeAll } from '../../../../lib/nn/parameters.js';
import { standardNormal } from '../../../../lib/nn/samplers/sampling.js';
import { forwardTape } from '../../../../lib/nn/tape.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { smallNetworks, trainedWeights } from './small-networks.js';

beforeAll(() => setupEngine());

const networks = smallNetworks();
const { autoencoder, unet } = networks;
const base = { steps: 4, eta: 1, guidance: 0, batchSize: 2 };

describe('LatentSampler', () => {
  it.each([
    [0, 0],
    [1, 0],
    [0.5, 1.5],
  ])('walks down with eta %d and guidance %d as a plain loop does, and decodes', async (eta, guidance) => {
    const before = tf.memory().numTensors;
    const parameters = trainedWeights(networks);
    const sampler = new LatentSampler(networks, parameters, { ...base, eta, guidance });
    const stream = new SeededStream(2);
    const { data, ...rest } = await sampler.sample([2, 1], stream);
    expect(rest).toEqual({ count: 2, height: 12, width: 8, channels: 2 });
    const expected = tf.tidy(() => {
      const own = stream.fork('from 0');
      const fresh = own.fork('fresh noise');
      let latents: Tensor = standardNormal([2, 6, 4, 3], own);
      for (const { time, keep, fromNoise, fresh: deviation } of ddimSteps({ steps: 4, eta })) {
        const guess = (labels: number[][]) =>
          unet.apply(forwardTape(parameters), latents, tf.tensor1d([time, time]), tf.tensor2d(labels));
        const told = guess([[0, 0, 1], [0, 1, 0]]); // prettier-ignore
        const untold = guess([[0, 0, 0], [0, 0, 0]]); // prettier-ignore
        const noise = told.add(told.sub(untold).mul(guidance));
        latents = latents.mul(keep).add(noise.mul(fromNoise));
        if (eta > 0) latents = latents.add(standardNormal([2, 6, 4, 3], fresh).mul(deviation));
      }
      return autoencoder.decode(forwardTape(parameters), latents).clipByValue(0, 1).mul(255);
    });
    const values = await expected.data();
    // A byte is rounded.
    expect(Math.max(...data.map((byte, i) => Math.abs(byte - values[i]!)))).toBeLessThan(0.51);
    expect(new Set(data).size).toBeGreaterThan(20);
    sampler.dispose();
    disposeAll(parameters);
    expected.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives the same images whatever comes after them, others for other labels and streams, and can be aborted', async () => {
    const parameters = trainedWeights(networks);
    const before = tf.memory().numTensors;
    const sampler = new LatentSampler(networks, parameters, base);
    const steps: number[] = [];
    const stop = onProgress((report) => steps.push(report.step / report.steps));
    const three = await sampler.sample([1, 2, 0], new SeededStream(5), { steps: 2 });
    stop();
    expect(steps).toEqual([0, 0.25, 0.5, 0.75, 1, 1]); // two batches of two steps, and the end
    const two = await sampler.sample([1, 2], new SeededStream(5), { steps: 2 });
    expect(three.count).toBe(3);
    expect(three.data.slice(0, two.data.length)).toEqual(two.data);
    expect((await sampler.sample([1, 2], new SeededStream(6), { steps: 2 })).data).not.toEqual(two.data);
    expect((await sampler.sample([2, 1], new SeededStream(5), { steps: 2 })).data).not.toEqual(two.data);
    // It follows its parameters.
    tf.tidy(() => parameters['decoder.out.conv.bias']!.assign(tf.fill([2], 9)));
    expect((await sampler.sample([1, 2], new SeededStream(5), { steps: 2 })).data.every((byte) => byte === 255)).toBe(
      true,
    );
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(sampler.sample([1], new SeededStream(5), { signal: aborted })).rejects.toThrow('enough');
    sampler.dispose();
    expect(tf.memory().numTensors).toBe(before);
    disposeAll(parameters);
  });

  it('refuses what is out of range', async () => {
    const parameters = {};
    expect(() => new LatentSampler(networks, parameters, { ...base, guidance: -1 })).toThrow(
      'LatentSampler: guidance is out of range; got -1, expected a number of at least 0.',
    );
    const sampler = new LatentSampler(networks, parameters, { ...base, eta: 2 });
    await expect(sampler.sample([1], new SeededStream(5))).rejects.toThrow('ddimSteps: eta is out of range; got 2');
    sampler.dispose();
  });
});
