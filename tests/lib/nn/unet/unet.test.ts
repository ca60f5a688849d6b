import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { edm } from '../../../../lib/nn/edm-preconditioning.js';
import { denoiserOf } from '../../../../lib/nn/edm.js';
import { disposeAll, parameterCount, type NetworkParameters } from '../../../../lib/nn/parameters.js';
import { forwardTape } from '../../../../lib/nn/tape.js';
import { norm, sinusoids } from '../../../../lib/nn/unet/blocks.js';
import { fromPatches, toPatches } from '../../../../lib/nn/unet/patches.js';
import { unetSizes } from '../../../../lib/nn/unet/sizes.js';
import { networkOf, unet } from '../../../../lib/nn/unet/unet.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { normal, relativeDifference, relativeTolerance, weightsOf } from '../layers/naive.js';

const shape = { height: 28, width: 28, channels: 1 };
const small = unet({ shape, classes: 10, ...unetSizes.smoke });
let parameters: NetworkParameters;
let images: Tensor;

beforeAll(async () => {
  await setupEngine();
  parameters = small.initialise(new SeededStream(3));
  images = normal([3, 28, 28, 1], 'images');
});

afterAll(() => {
  disposeAll(parameters);
  images.dispose();
});

const valuesOf = async (tensor: Tensor) => {
  const values = [...(await tensor.data())];
  tf.dispose(tensor);
  return values;
};

describe('the U-Net before training', () => {
  it('gives images of zeros but for 1e-3, in the shape that it gets', async () => {
    const before = tf.memory().numTensors;
    expect(parameterCount(parameters)).toBe(48_508);
    const [condition, labels] = [tf.tensor1d([-1.5, 0, 1]), tf.tensor1d([0, 9, 10], 'int32')];
    const got = tf.tidy(() => networkOf(small, forwardTape(parameters))(images, condition, labels));
    expect(got.shape).toEqual(images.shape);
    const values = await valuesOf(got);
    expect(Math.max(...values.map(Math.abs))).toBeLessThan(1e-3);
    expect(values.some((value) => value !== 0)).toBe(true);
    tf.dispose([condition, labels]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is the denoiser skip x', async () => {
    const labels = tf.tensor1d([1, 2, 3], 'int32');
    const denoiser = denoiserOf(networkOf(small, forwardTape(parameters)), edm);
    const got = denoiser(images, 2, labels);
    const expected = tf.tidy(() => images.mul(edm.scales(2).skip));
    expect(await relativeDifference(got, expected)).toBeLessThan(1e-3);
    tf.dispose([labels, got, expected]);
  });

  it('starts the same by the same seed', async () => {
    const again = small.initialise(new SeededStream(3));
    for (const name of ['stem.kernel', 'label.table'])
      expect([...(await again[name]!.data())]).toEqual([...(await parameters[name]!.data())]);
    disposeAll(again);
  });
});

describe('the trained U-Net', () => {
  /** The output for three copies of one image: by label, and by noise level. */
  async function rowsFor(conditions: number[], labels: number[]): Promise<Tensor[]> {
    const weights = weightsOf(...small.layers);
    const [condition, label] = [tf.tensor1d(conditions), tf.tensor1d(labels, 'int32')];
    const got = tf.tidy(() => {
      const one = images.slice([0], [1]).tile([3, 1, 1, 1]);
      return networkOf(small, forwardTape(weights))(one, condition, label).unstack();
    });
    tf.dispose([weights, condition, label]);
    return got;
  }

  it('tells labels and noise levels apart, row by row', async () => {
    for (const [conditions, labels] of [
      [
        [0.5, 0.5, 0.5],
        [4, 4, 10],
      ],
      [
        [0.5, 0.5, 1],
        [4, 4, 4],
      ],
    ] as const) {
      const [first, same, other] = (await rowsFor([...conditions], [...labels])) as [Tensor, Tensor, Tensor];
      expect(await relativeDifference(same, first)).toBeLessThan(relativeTolerance);
      expect(await relativeDifference(other, first)).toBeGreaterThan(1e-2);
      tf.dispose([first, same, other]);
    }
  });

  it('without classes takes no labels', async () => {
    const before = tf.memory().numTensors;
    const plain = unet({ shape, classes: 0, ...unetSizes.smoke });
    const weights = weightsOf(...plain.layers);
    expect(Object.keys(weights)).not.toContain('label.table');
    const condition = tf.tensor1d([0, 0, 0]);
    const network = networkOf(plain, forwardTape(weights));
    const got = tf.tidy(() => network(images, condition));
    expect(got.shape).toEqual(images.shape);
    expect((await valuesOf(got)).every(Number.isFinite)).toBe(true);
    const labels = tf.tensor1d([0, 0, 0], 'int32');
    expect(() => tf.tidy(() => network(images, condition, labels))).toThrow(
      'unet: the labels do not fit the classes; got [3], expected none: the network has no classes.',
    );
    const withClasses = networkOf(small, forwardTape(parameters));
    expect(() => tf.tidy(() => withClasses(images, condition))).toThrow(
      'unet: there are no labels; expected one-hot rows [rows, 11]. The label 10 stands for none.',
    );
    tf.dispose([weights, condition, labels]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('its parts', () => {
  it('sinusoids have frequencies from 1 to 1/10000, sines first', async () => {
    const values = await valuesOf(tf.tidy(() => sinusoids(tf.tensor1d([0.5]), 8)));
    // Python: [math.sin(0.5 * math.exp(-math.log(10000) * i / 3)) for i in range(4)], and cos
    const expected = [0.4794255, 0.0232059, 0.0010772, 0.00005, 0.8775826, 0.9997307, 0.9999994, 1];
    expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 6));
  });

  it('patches hold 2 x 2 pixels row by row, and go back', async () => {
    const before = tf.memory().numTensors;
    const image = tf.tensor4d([...Array(16).keys()], [1, 2, 4, 2]); // pixel p has the values 2 p and 2 p + 1
    const patches = tf.tidy(() => toPatches(image, 2));
    expect(patches.shape).toEqual([1, 1, 2, 8]);
    expect([...(await patches.data())]).toEqual([0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15]);
    const back = tf.tidy(() => fromPatches(patches, 2));
    expect(back.shape).toEqual(image.shape);
    expect([...(await back.data())]).toEqual([...(await image.data())]);
    tf.dispose([patches, back, image]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [8, 2],
    [96, 24],
    [192, 32],
    [144, 24], // 32 does not divide it
    [3, 1],
  ])('a norm of %i channels has groups of four or more: %i', async (channels, groups) => {
    const weights = { 'n.scale': tf.ones([channels]), 'n.shift': tf.zeros([channels]) };
    const x = normal([1, 5, 5, channels], 'x');
    const variances = tf.tidy(() => {
      const y = norm('n', channels, false)
        .apply(weights, x)
        .reshape([25, groups, channels / groups]);
      return tf.moments(y, [0, 2]).variance;
    });
    for (const variance of await valuesOf(variances)) expect(variance).toBeCloseTo(1, 4);
    tf.dispose([weights, x]);
  });
});
