import { beforeAll, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { standardiseLatents } from '../../../../lib/methods/latent/standardise-latents.js';
import { drawLatents } from '../../../../lib/nn/autoencoder/posterior.js';
import { disposeAll } from '../../../../lib/nn/parameters.js';
import { forwardTape } from '../../../../lib/nn/tape.js';
import { imageTensor, setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { namedWaves } from '../../nn/autoencoder/named-waves.js';
import { smallNetworks } from '../../nn/latent-diffusion/small-networks.js';
import { normal, relativeDifference } from '../../nn/layers/naive.js';

beforeAll(() => setupEngine());

it('gives public latents mean 0 and deviation 1 in each channel, and images decode as before', async () => {
  const { autoencoder } = smallNetworks();
  const parameters = namedWaves(autoencoder.layers);
  const stream = new SeededStream(1);
  const shape = { height: 12, width: 8, channels: 2 };
  const data = Uint8Array.from({ length: 100 * 192 }, () => stream.integer(256));
  const images = { data, labels: new Uint8Array(100), count: 100, ...shape };
  const before = tf.memory().numTensors;
  const pixels = imageTensor(images);
  const noise = normal([100, 6, 4, 3], 'noise');
  const through = (): [Tensor, Tensor] =>
    tf.tidy(() => {
      const latents = drawLatents(autoencoder.encode(forwardTape(parameters), pixels), noise);
      return [latents, autoencoder.decode(forwardTape(parameters), latents)];
    });
  const [wild, decoded] = through();
  const dataset = { name: 'noise', classes: ['a'], images };
  await standardiseLatents(autoencoder, parameters, dataset, new SeededStream(2));
  const [latents, again] = through();
  expect(await relativeDifference(again, decoded)).toBeLessThan(1e-4); // float32 through twenty layers
  const moments = (x: Tensor) =>
    tf.tidy(() => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return tf.stack([mean, variance.sqrt()]);
    });
  const [first, second] = [moments(wild), moments(latents)];
  const deviations = [...(await first.data())].slice(3);
  expect(Math.max(...deviations.map((deviation) => Math.abs(deviation - 1)))).toBeGreaterThan(0.2);
  const values = [...(await second.data())];
  // 2,400 values a channel, whose own noise is a part of them: 1 / sqrt(2400) is 0.02.
  for (const mean of values.slice(0, 3)) expect(Math.abs(mean)).toBeLessThan(0.1);
  for (const deviation of values.slice(3)) expect(Math.abs(deviation - 1)).toBeLessThan(0.1);
  tf.dispose([pixels, noise, wild, decoded, latents, again, first, second]);
  expect(tf.memory().numTensors).toBe(before);
  disposeAll(parameters);
});
