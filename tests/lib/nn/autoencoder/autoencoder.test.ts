import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { autoencoder, type AutoencoderOptions } from '../../../../lib/nn/autoencoder/autoencoder.js';
import { drawLatents, klDivergence } from '../../../../lib/nn/autoencoder/posterior.js';
import { reconstructionLoss } from '../../../../lib/nn/autoencoder/reconstruction-loss.js';
import { autoencoderSizes } from '../../../../lib/nn/autoencoder/sizes.js';
import { disposeAll, parameterCount } from '../../../../lib/nn/parameters.js';
import { ReplayedGradient } from '../../../../lib/nn/replayed-gradient.js';
import { forwardTape } from '../../../../lib/nn/tape.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { expectShown, type Shown } from '../generators/waves.js';
import { channelsLast, namedWaves } from './named-waves.js';

interface Golden {
  readonly options: AutoencoderOptions;
  readonly count: number;
  readonly mean: Shown;
  readonly logVariance: Shown;
  readonly kl: readonly number[];
  readonly decoded: Shown;
  readonly loss: number;
  readonly gradients: Record<string, Shown>;
}

const golden = JSON.parse(
  readFileSync(new URL('../../../golden/autoencoder.json', import.meta.url), 'utf8'),
) as Golden[];

/** float32 through some thirty layers against double, relative to the largest value of a tensor. */
const tolerance = 1e-3;
const klWeight = 0.01;

beforeAll(() => setupEngine());

describe.each(golden.map((expected, i) => [i + 1, expected] as const))('autoencoder %i', (_number, expected) => {
  const network = autoencoder(expected.options);
  const { height, width, channels } = expected.options.shape;
  const { latentShape } = network;
  const latentsOf = (rows: number) => [rows, latentShape.height, latentShape.width, latentShape.channels];

  it('gives PyTorch’s posterior, divergence, images and gradients', async () => {
    const before = tf.memory().numTensors;
    const weights = namedWaves(network.layers);
    expect(parameterCount(weights)).toBe(expected.count);
    const images = tf.tidy(() => channelsLast([2, height, width, channels], 1).mul(0.5).add(0.5));
    const noise = channelsLast(latentsOf(2), 2);
    const [mean, logVariance, kl, decoded] = tf.tidy((): [Tensor, Tensor, Tensor, Tensor] => {
      const posterior = network.encode(forwardTape(weights), images);
      const decoded = network.decode(forwardTape(weights), drawLatents(posterior, noise));
      return [posterior.mean, posterior.logVariance, klDivergence(posterior), decoded];
    });
    expect(mean.shape).toEqual(latentsOf(2));
    expect(decoded.shape).toEqual(images.shape);
    await expectShown(mean, expected.mean, tolerance, 'mean');
    await expectShown(logVariance, expected.logVariance, tolerance, 'log variance');
    await expectShown(decoded, expected.decoded, tolerance, 'images');
    const divergences = await kl.data();
    expected.kl.forEach((value, i) => expect(Math.abs(divergences[i]! / value - 1)).toBeLessThan(tolerance));

    const gradient = new ReplayedGradient(weights, (values, x, z) =>
      reconstructionLoss(network, values, { images: x!, noise: z!, klWeight }),
    );
    const { loss, gradients } = gradient.at(images, noise);
    expect(Math.abs((await loss.data())[0]! / expected.loss - 1)).toBeLessThan(tolerance);
    expect(Object.keys(gradients).sort()).toEqual(Object.keys(expected.gradients).sort());
    for (const [name, shown] of Object.entries(expected.gradients))
      await expectShown(gradients[name]!, shown, 10 * tolerance, name);
    gradient.dispose();
    disposeAll(weights);
    tf.dispose([images, noise, mean, logVariance, kl, decoded, loss, gradients]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the autoencoder of MNIST', () => {
  it('takes 28 x 28 to 14 x 14 x 3 and back, and draws the same parameters by the same seed', async () => {
    const before = tf.memory().numTensors;
    const shape = { height: 28, width: 28, channels: 1 };
    const network = autoencoder({ shape, ...autoencoderSizes.laptop });
    const parameters = network.initialise(new SeededStream(1));
    const again = network.initialise(new SeededStream(1));
    const [first, second] = [parameters, again].map((all) => all['encoder.stem.kernel']!);
    expect([...(await first!.data())]).toEqual([...(await second!.data())]);
    // PyTorch's law: uniform in ±1 / sqrt(9 x 16), of kernel and bias alike.
    for (const name of ['encoder.down0.block0.conv0.kernel', 'encoder.down0.block0.conv0.bias']) {
      const largest = Math.max(...(await parameters[name]!.data()).map(Math.abs));
      expect(largest).toBeLessThanOrEqual(1 / 12);
      expect(largest).toBeGreaterThan(0.8 / 12);
    }
    const [mean, decoded] = tf.tidy(() => {
      const { mean } = network.encode(forwardTape(parameters), tf.zeros([2, 28, 28, 1]));
      return [mean, network.decode(forwardTape(parameters), mean)] as const;
    });
    expect(mean.shape).toEqual([2, 14, 14, 3]);
    expect(decoded.shape).toEqual([2, 28, 28, 1]);
    tf.dispose([mean, decoded]);
    [parameters, again].forEach(disposeAll);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the divergence of the latents', () => {
  it('is 0 for the standard normal law, and (m² + v - 1 - ln v) / 2 for each value', async () => {
    const got = tf.tidy(() => {
      const posterior = (mean: number, variance: number) => ({
        mean: tf.fill([1, 2, 1, 1], mean),
        logVariance: tf.fill([1, 2, 1, 1], Math.log(variance)),
      });
      return tf.concat([klDivergence(posterior(0, 1)), klDivergence(posterior(3, 0.5))]);
    });
    const [standard, other] = await got.data();
    expect(standard).toBe(0);
    expect(other).toBeCloseTo(9 + 0.5 - 1 - Math.log(0.5), 5);
    got.dispose();
  });
});
