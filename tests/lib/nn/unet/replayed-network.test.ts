import { beforeAll, expect, it } from 'vitest';
import { edm } from '../../../../lib/nn/edm-preconditioning.js';
import { denoiserOf } from '../../../../lib/nn/edm.js';
import { disposeAll } from '../../../../lib/nn/parameters.js';
import { forwardTape } from '../../../../lib/nn/tape.js';
import { ReplayedNetwork } from '../../../../lib/nn/unet/replayed-network.js';
import { unetSizes } from '../../../../lib/nn/unet/sizes.js';
import { networkOf, unet } from '../../../../lib/nn/unet/unet.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { normal, relativeDifference, relativeTolerance, weightsOf } from '../layers/naive.js';

beforeAll(() => setupEngine());

it.each([10, 0])(
  'a network as one graph denoises as by itself and follows its parameters, %i classes',
  async (classes) => {
    const before = tf.memory().numTensors;
    const small = unet({ shape: { height: 28, width: 28, channels: 1 }, classes, ...unetSizes.smoke });
    const weights = weightsOf(...small.layers);
    const parameters = tf.tidy(() =>
      Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, tf.variable(weight)])),
    );
    const images = normal([3, 28, 28, 1], 'images');
    const labels = classes > 0 ? tf.tensor1d([0, 9, 10], 'int32') : undefined;
    const replayed = new ReplayedNetwork(parameters, (tape) => networkOf(small, tape));
    const compare = async (): Promise<Tensor> => {
      const got = denoiserOf(replayed.network, edm)(images, 2, labels);
      const expected = denoiserOf(networkOf(small, forwardTape(parameters)), edm)(images, 2, labels);
      expect(await relativeDifference(got, expected)).toBeLessThan(relativeTolerance);
      expected.dispose();
      return got;
    };
    const first = await compare();
    const stem = parameters['stem.kernel']!;
    tf.tidy(() => stem.assign(stem.mul(2)));
    const second = await compare();
    expect(await relativeDifference(second, first)).toBeGreaterThan(1e-2);
    replayed.dispose();
    disposeAll(parameters);
    tf.dispose([weights, images, first, second, ...(labels ? [labels] : [])]);
    expect(tf.memory().numTensors).toBe(before);
  },
);
