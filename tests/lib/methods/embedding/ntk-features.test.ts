import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { embeddingDistance } from '../../../../lib/methods/embedding/embedding-distance.js';
import { ntkFeatures } from '../../../../lib/methods/embedding/ntk-features.js';
import { ntkDimension, type NtkNetwork } from '../../../../lib/methods/embedding/ntk-network.js';
import {
  setupEngine,
  tf,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '../../../../lib/tensor/index.js';
import { asVectors } from '../../mechanisms/as-vectors.js';
import { seededFeatures } from '../../metrics/seeded-features.js';

beforeAll(() => setupEngine());

/** float32 beside float64: products of a few dozen numbers near 1, and their gradients. */
const rounding = 2e-6;

interface GoldenCase {
  readonly widths: [number] | [number, number];
  readonly length: number;
  readonly gram: readonly number[];
  readonly distance: number;
  readonly gradient: readonly number[];
}
const golden = JSON.parse(
  readFileSync(new URL('../../../golden/ntk.json', import.meta.url), 'utf8'),
) as readonly GoldenCase[];

/** The images and layers of tests/golden/ntk.py. */
function seededImages(seed: number, count: number): Tensor4D {
  const { features } = seededFeatures(seed, count, 16);
  return tf.tensor4d(features, [count, 4, 4, 1]).mul(0.3).add(0.4).clipByValue(0, 1) as Tensor4D;
}
function layer(seed: number, inputs: number, outputs: number) {
  const scaled = (rows: number, from: number) =>
    tf.tensor2d(seededFeatures(from, rows, outputs).features, [rows, outputs]).div<Tensor2D>(Math.sqrt(inputs));
  return { weights: scaled(inputs, seed), biases: scaled(1, seed + 1).reshape<Tensor1D>([outputs]) };
}
function seededNetwork([width, secondWidth]: GoldenCase['widths']): NtkNetwork {
  return {
    first: layer(1, 16, width),
    ...(secondWidth !== undefined && { second: layer(3, width, secondWidth) }),
    readout: layer(5, secondWidth ?? width, 3).weights.sum<Tensor1D>(1),
    outputs: 3,
  };
}
const labels = (): Tensor2D => tf.oneHot(tf.tensor1d([0, 0, 0, 1, 1, 1], 'int32'), 2).toFloat() as Tensor2D;
const largestDifference = async (values: Tensor, expected: readonly number[]) =>
  Math.max(...Array.from(await values.data(), (value, i) => Math.abs(value - expected[i]!)));

describe.each(golden)('tangent features of a network with hidden layers $widths', (expected) => {
  const outputs = 3;
  const features = () => ntkFeatures(seededImages(12, 6), seededNetwork(expected.widths));
  const targetOf = (network: NtkNetwork) => {
    const classes = tf.oneHot(tf.tensor1d([0, 1, 1, 0], 'int32'), 2).toFloat();
    return asVectors(ntkFeatures(seededImages(11, 4), network))
      .matMul<Tensor2D>(classes, true)
      .div<Tensor2D>(4);
  };

  it('have the inner products of PyTorch’s gradients', async () => {
    const written = asVectors(features());
    expect(await largestDifference(written.matMul(written, false, true), expected.gram)).toBeLessThan(rounding);
    // Of the last layer there is one copy, not one for each output: K - 1 times (width + 1) fewer numbers.
    const network = seededNetwork(expected.widths);
    expect(written.shape[1]).toBe(expected.length - (outputs - 1) * (expected.widths.at(-1)! + 1));
    expect(ntkDimension(network)).toBe(written.shape[1]);
  });

  it('give PyTorch’s distance and its gradient by the images', async () => {
    const network = seededNetwork(expected.widths);
    const target = targetOf(network);
    const distance = (images: Tensor) =>
      embeddingDistance(ntkFeatures(images as Tensor4D, network), labels(), target, 2);
    const { value, grad } = tf.valueAndGrad(distance)(seededImages(12, 6));
    expect(await largestDifference(value, [expected.distance])).toBeLessThan(rounding);
    expect(await largestDifference(grad, expected.gradient)).toBeLessThan(rounding);
    const size = Math.max(...expected.gradient.map(Math.abs));
    expect(size).toBeGreaterThan(1000 * rounding); // so that the line above says something
  });

  it('give the distance that written-down vectors give, one absent class and another share too', async () => {
    const network = seededNetwork(expected.widths);
    const target = tf.concat([targetOf(network), tf.ones([ntkDimension(network), 1])], 1) as Tensor2D;
    const three = tf.concat([labels(), tf.zeros([6, 1])], 1) as Tensor2D;
    const [quick] = await embeddingDistance(features(), three, target, 5).data();
    const [plain] = await embeddingDistance(asVectors(features()), three, target, 5).data();
    expect(Math.abs(quick! - plain!)).toBeLessThan(rounding);
  });
});

describe('tangent features by hand', () => {
  const image = (...pixels: number[]) => tf.tensor4d(pixels, [1, 1, pixels.length, 1]);
  const oneLayer = (): NtkNetwork => ({
    first: { weights: tf.eye(3), biases: tf.zeros([3]) },
    readout: tf.tensor1d([1, 0, 0]),
    outputs: 2,
  });
  /** Of the gradient before it is divided by its norm: known from the one entry that does not depend on the image, sqrt(K). */
  const norm = async (network: NtkNetwork, x: Tensor4D) => {
    const all = await asVectors(ntkFeatures(x, network)).data();
    return Math.sqrt(network.outputs) / all.at(-1)!;
  };
  const sixDigits = 6;

  it('have the norms and the cosine of a 3-3-2 network', async () => {
    // h = (-.925819, -.462910, 1.388729), delta = (.176347, -.220433, .044086): |g|^2 = |delta|^2 (1 + 41) + 2 |h|^2 + 2.
    expect((await norm(oneLayer(), image(1, 2, 6))) ** 2 / 11.428551).toBeCloseTo(1, sixDigits - 1);
    expect((await norm(oneLayer(), image(2, 1, 3))) ** 2 / 22.999685).toBeCloseTo(1, sixDigits - 1);
    const both = tf.concat([image(1, 2, 6), image(2, 1, 3)]);
    const vectors = asVectors(ntkFeatures(both, oneLayer()));
    expect((await vectors.matMul(vectors, false, true).data())[1]).toBeCloseTo(0.709506, sixDigits);
  });

  it('have the norm of a 2-2-3-2 network', async () => {
    const network: NtkNetwork = {
      first: { weights: tf.tensor2d([1, -1, 0, 1], [2, 2]), biases: tf.zeros([2]) }, // transposed: [in, out]
      second: { weights: tf.tensor2d([1, 0, 1, 0, 1, 1], [2, 3]), biases: tf.zeros([3]) },
      readout: tf.tensor1d([1, 1, 0]),
      outputs: 2,
    };
    // |delta1|^2 (1 + 10) + |delta2|^2 (1 + |r|^2) + 2 |h|^2 + 2, with r = (1, 2).
    expect((await norm(network, image(1, 3))) ** 2 / 11.791479).toBeCloseTo(1, sixDigits - 1);
  });

  it('have norm 1 whatever the image: black, white, no unit active, huge', async () => {
    const dead: NtkNetwork = { ...oneLayer(), first: { weights: tf.eye(3), biases: tf.fill([3], -1) } };
    const images = tf.concat([image(0, 0, 0), image(1, 1, 1), image(1e8, 0, 1), image(0, 1, 1e-20)]);
    for (const network of [oneLayer(), dead]) {
      const norms = await asVectors(ntkFeatures(images, network)).norm('euclidean', 1).data();
      for (const each of norms) expect(each).toBeCloseTo(1, sixDigits);
    }
  });
});
