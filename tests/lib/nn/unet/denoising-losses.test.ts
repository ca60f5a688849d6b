import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OptionError } from '../../../../lib/core/errors.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { ClippedGradient } from '../../../../lib/mechanisms/dp-sgd/clipped-gradient.js';
import { checkIsolation } from '../../../../lib/mechanisms/dp-sgd/isolation.js';
import { edm } from '../../../../lib/nn/edm-preconditioning.js';
import { denoisingLoss, scaleRows } from '../../../../lib/nn/edm.js';
import { disposeAll, type NetworkParameters } from '../../../../lib/nn/parameters.js';
import { ReplayedGradient } from '../../../../lib/nn/replayed-gradient.js';
import { forwardTape } from '../../../../lib/nn/tape.js';
import { denoisingLosses, drawDenoising } from '../../../../lib/nn/unet/denoising-losses.js';
import { unetSizes } from '../../../../lib/nn/unet/sizes.js';
import { networkOf, unet } from '../../../../lib/nn/unet/unet.js';
import { setupEngine, tf, type Tensor, type Tensor1D, type Tensor2D } from '../../../../lib/tensor/index.js';
import { normal, relativeDifference, relativeTolerance, weightsOf } from '../layers/naive.js';

const network = unet({ shape: { height: 28, width: 28, channels: 1 }, classes: 5, ...unetSizes.smoke });
const losses = denoisingLosses(network);
let weights: Record<string, Tensor>;
let images: Tensor;
let labels: Tensor;

beforeAll(async () => {
  await setupEngine();
  weights = tf.tidy(() =>
    Object.fromEntries(Object.entries(weightsOf(...network.layers)).map(([name, w]) => [name, w.mul(0.5)])),
  );
  images = tf.tidy(() => normal([3, 28, 28, 1], 'images').sigmoid());
  labels = tf.tidy(() => tf.oneHot([2, 0, 1], 3).toFloat()); // three private classes of the network's five
});

afterAll(() => tf.dispose([weights, images, labels]));

describe('the losses of records', () => {
  it('are means over copies with noises of their own, one label for all', async () => {
    const before = tf.memory().numTensors;
    const sigmas = [0.1, 2, 0.5, 0.5, 10, 1];
    const scales = scaleRows(edm, sigmas);
    const noises = normal([3, 2, 28, 28, 1], 'noises');
    const dropped = tf.tensor1d([0, 1, 0]);
    const got = tf.tidy(() => losses(forwardTape(weights), images, labels, scales.reshape([3, 2, 7]), noises, dropped));
    // One row at a time; the label 5 stands for none.
    const expected = tf.tidy(() => {
      const plain = networkOf(network, forwardTape(weights));
      const each = [2, 5, 1].map((label, record) => {
        const clean = images.slice([record], [1]).mul(2).sub(1);
        const rows = [0, 1].map((copy) => {
          const noise = noises.slice([record, copy], [1, 1]).reshape(clean.shape);
          const scale = scales.slice([2 * record + copy, 0], [1, 7]) as Tensor2D;
          return denoisingLoss(plain, clean, noise, scale, tf.tensor1d([label], 'int32') as Tensor1D);
        });
        return rows[0]!.add(rows[1]!).div(2);
      });
      return tf.concat(each);
    });
    expect(await relativeDifference(got, expected)).toBeLessThan(relativeTolerance);
    tf.dispose([scales, noises, dropped, got, expected]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('keep records apart', async () => {
    const parameters = tf.tidy(() =>
      Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, tf.variable(weight)])),
    );
    const gradient = new ClippedGradient({ losses, parameters, clipNorm: 1, microBatch: 3 });
    const draws = drawDenoising(network, { copies: 2 });
    await checkIsolation('a U-Net', gradient, (purpose) => {
      const own = tf.tidy(() => [normal([3, 28, 28, 1], purpose).sigmoid(), labels.clone()]);
      return [...own, ...draws(3, new SeededStream(purpose))];
    });
    gradient.dispose();
    disposeAll(parameters);
  });

  it('without classes need no labels, and train in plain gradients', async () => {
    const before = tf.memory().numTensors;
    const plain = unet({ ...network.options, classes: 0 });
    const parameters: NetworkParameters = plain.initialise(new SeededStream(1));
    const gradient = new ReplayedGradient(parameters, (weights, ...inputs) =>
      denoisingLosses(plain)(forwardTape(weights), ...inputs).mean(),
    );
    const drawn = drawDenoising(plain)(3, new SeededStream(2));
    const { loss, gradients } = gradient.at(images, labels, ...drawn);
    const [value] = await loss.data();
    // Before training F is 0, and the loss 1 on data of variance 1/3; these images have less and a mean.
    expect(value).toBeGreaterThan(0.3);
    expect(value).toBeLessThan(1.5);
    expect((await gradients['out.conv.kernel']!.data()).some((g) => g !== 0)).toBe(true);
    gradient.dispose();
    tf.dispose([loss, gradients, drawn]);
    disposeAll(parameters);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the draws for records', () => {
  it('are by the stream alone, in the given numbers', async () => {
    const before = tf.memory().numTensors;
    const draws = drawDenoising(network, { copies: 2, dropProbability: 0.25 });
    const [scales, noises, dropped] = draws(400, new SeededStream(1)) as [Tensor, Tensor, Tensor];
    expect(scales.shape).toEqual([400, 2, 7]);
    expect(noises.shape).toEqual([400, 2, 28, 28, 1]);
    const coins = [...(await dropped.data())];
    const share = coins.filter((coin) => coin === 1).length / 400;
    expect(coins.every((coin) => coin === 0 || coin === 1)).toBe(true);
    expect(Math.abs(share - 0.25)).toBeLessThan(5 * Math.sqrt((0.25 * 0.75) / 400)); // five deviations
    const again = draws(400, new SeededStream(1));
    expect([...(await again[0]!.data())]).toEqual([...(await scales.data())]);
    tf.dispose([scales, noises, dropped, again]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuse what is out of range', () => {
    expect(() => drawDenoising(network, { dropProbability: 2 })).toThrow(OptionError);
    expect(() => drawDenoising(network, { dropProbability: 2 })).toThrow(
      'drawDenoising: dropProbability is out of range; got 2, expected a number from 0 to 1.',
    );
    expect(() => drawDenoising(network, { copies: 0 })).toThrow(
      'drawDenoising: copies is out of range; got 0, expected a whole number of at least 1.',
    );
  });
});
