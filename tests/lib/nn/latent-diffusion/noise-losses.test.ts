import { beforeAll, describe, expect, it } from 'vitest';
import { OptionError } from '../../../../lib/core/errors.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { drawNoising, noiseLosses } from '../../../../lib/nn/latent-diffusion/noise-losses.js';
import { signalShares } from '../../../../lib/nn/latent-diffusion/noise-schedule.js';
import { disposeAll } from '../../../../lib/nn/parameters.js';
import { forwardTape } from '../../../../lib/nn/tape.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { normal } from '../layers/naive.js';
import { smallNetworks, trainedWeights } from './small-networks.js';

beforeAll(() => setupEngine());

const networks = smallNetworks();
const [records, copies] = [3, 2];

describe('the losses of records', () => {
  it('are the mean over the copies of the error of the noise, each by itself', async () => {
    const before = tf.memory().numTensors;
    const weights = trainedWeights(networks);
    const images = tf.tidy(() => normal([records, 12, 8, 2], 'images').sigmoid());
    const labels = tf.tensor2d([[1, 0], [0, 1], [0, 1]]); // prettier-ignore
    const draws = drawNoising(networks, { copies })(records, new SeededStream(1));
    const [posteriorNoise, noise, times] = draws as [Tensor, Tensor, Tensor];
    const kept = [1, 1, 0];
    const given = [posteriorNoise, noise, times, tf.tensor1d(kept)];
    const got = tf.tidy(() => noiseLosses(networks)(forwardTape(weights), images, labels, ...given));
    const rows = await times.array() as number[][][]; // prettier-ignore
    const values = await got.data();
    for (let record = 0; record < records; record++) {
      let sum = 0;
      for (let copy = 0; copy < copies; copy++) {
        const [time, signal, deviation] = rows[record]![copy]!;
        expect(signal! ** 2).toBeCloseTo(signalShares()[time!]!, 6);
        expect(signal! ** 2 + deviation! ** 2).toBeCloseTo(1, 6);
        const error = tf.tidy(() => {
          const one = (x: Tensor) => x.slice([record, copy], [1, 1]).reshape([1, 6, 4, 3]);
          const tape = forwardTape(weights);
          const { mean, logVariance } = networks.autoencoder.encode(tape, images.slice([record], [1]));
          const latents = mean.add(logVariance.mul(0.5).exp().mul(one(posteriorNoise)));
          const noisy = latents.mul(signal!).add(one(noise).mul(deviation!));
          const label = tf.tensor2d([[record === 0 ? 1 : 0, record === 1 ? 1 : 0, 0]]); // the third is dropped
          const guess = networks.unet.apply(tape, noisy, tf.tensor1d([time!]), label);
          return guess.sub(one(noise)).square().mean();
        });
        sum += (await error.data())[0]!;
        error.dispose();
      }
      expect(Math.abs(values[record]! / (sum / copies) - 1)).toBeLessThan(1e-5); // float32
    }
    disposeAll(weights);
    tf.dispose([images, labels, draws, given, got]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the draws for records', () => {
  it('are by the stream alone, in the given numbers', async () => {
    const before = tf.memory().numTensors;
    const draws = drawNoising(networks, { copies: 4, dropProbability: 0.25 });
    const all = draws(500, new SeededStream(1)) as [Tensor, Tensor, Tensor, Tensor];
    expect(all.map(({ shape }) => shape)).toEqual([[500, 4, 6, 4, 3], [500, 4, 6, 4, 3], [500, 4, 3], [500]]);
    const [, noise, times, kept] = all;
    const steps = [...(await times.data())].filter((_, i) => i % 3 === 0);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...steps)).toBeLessThanOrEqual(999);
    const mean = steps.reduce((sum, time) => sum + time, 0) / steps.length;
    expect(Math.abs(mean - 499.5)).toBeLessThan((5 * 288.7) / Math.sqrt(2000)); // uniform; five deviations
    const share = [...(await kept.data())].reduce((sum, coin) => sum + coin, 0) / 500;
    expect(Math.abs(share - 0.75)).toBeLessThan(5 * Math.sqrt((0.25 * 0.75) / 500));
    const again = draws(500, new SeededStream(1));
    expect([...(await again[1]!.data())]).toEqual([...(await noise.data())]);
    expect((await all[0].data())[0]).not.toBe((await noise.data())[0]);
    tf.dispose([...all, again]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuse what is out of range', () => {
    expect(() => drawNoising(networks, { dropProbability: 2 })).toThrow(OptionError);
    expect(() => drawNoising(networks, { dropProbability: 2 })).toThrow(
      'drawNoising: dropProbability is out of range; got 2, expected a number from 0 to 1.',
    );
    expect(() => drawNoising(networks, { copies: 0 })).toThrow('drawNoising: copies is out of range; got 0');
  });
});
