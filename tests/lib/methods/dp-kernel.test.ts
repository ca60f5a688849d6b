import { beforeAll, describe, expect, it } from 'vitest';
import { parameterValues } from '../../../lib/core/options.js';
import { SeededStream } from '../../../lib/core/rng.js';
import { gaussianOnSamples } from '../../../lib/mechanisms/index.js';
import { dpKernel, kernelEmbedding } from '../../../lib/methods/dp-kernel.js';
import { embeddingDistance } from '../../../lib/methods/embedding/embedding-distance.js';
import { drawBandwidths } from '../../../lib/methods/embedding/fourier-bandwidths.js';
import { embeddingQuery } from '../../../lib/methods/embedding/embedding.js';
import { setupEngine, tf, type Tensor2D, type Tensor4D } from '../../../lib/tensor/index.js';
import { largestChange, negligible, toyFacts } from './embedding/neighbours.js';

beforeAll(() => setupEngine());

const five = { smallest: 1, count: 5 };
/** Of a kernel from 5 x 4,000 frequencies: the deviation is at most sqrt(1 / (2 * 20000)) = 0.005. */
const fourErrors = 4 * 0.005;

/** A number x in [-1, 1] as an image of one pixel in [0, 1]; numbers outside are no matter to the features. */
const points = (...xs: number[]): Tensor4D =>
  tf.tensor4d(
    xs.map((x) => (x + 1) / 2),
    [xs.length, 1, 1, 1],
  );
const kernelOf = () => {
  const frequencies = drawBandwidths({ height: 1, width: 1, channels: 1 }, five, 4000, new SeededStream(1));
  return kernelEmbedding(frequencies);
};
const featuresOf = (images: Tensor4D): Tensor2D => {
  const { features, constants } = kernelOf();
  return features(images, ...constants) as Tensor2D;
};

describe('DP-Kernel', () => {
  it('has features whose inner products are the sum of five Gaussian kernels, over five', async () => {
    const features = featuresOf(points(0, 1, 2));
    const values = await features.matMul(features, false, true).mul(5).data();
    // k(0) = 5; k(1) and k(2): sums of exp(-x^2 / (2 s^2)) over s = 1, 2, 4, 8, 16.
    const expected = [5, 4.448528, 3.585814, 4.448528, 5, 4.448528, 3.585814, 4.448528, 5];
    expected.forEach((kernel, i) => expect(Math.abs(values[i]! - kernel)).toBeLessThan(5 * fourErrors));
    for (const i of [0, 4, 8]) expect(Math.abs(values[i]! - 5)).toBeLessThan(1e-5); // exact: norm 1 whatever is drawn
  });

  it('has the mean elements of the closed form, and their distance without the pairs of an image with itself', async () => {
    // X = {0, 1}, Y = {0}: f(0) = (5 + 4.448528) / 2, f(2) = (3.585814 + 4.448528) / 2.
    const [mean, zero, two] = [featuresOf(points(0, 1)).mean(0, true), featuresOf(points(0)), featuresOf(points(2))];
    const at = async (point: Tensor2D) => (await mean.matMul(point, false, true).mul(5).data())[0]!;
    expect(Math.abs((await at(zero)) - 4.724264)).toBeLessThan(5 * fourErrors);
    expect(Math.abs((await at(two)) - 4.017171)).toBeLessThan(5 * fourErrors);
    // The distance of {0, 0} to the mean of X is MMD^2 = k(0) - 2 f(0) + mean K_XX = 5 - 2 * 4.724264 + 4.724264.
    const distance = embeddingDistance(featuresOf(points(0, 0)), tf.ones([2, 1]), mean.transpose(), 1);
    expect(Math.abs((await distance.data())[0]! * 5 - 0.275736)).toBeLessThan(5 * fourErrors);
  });

  it('declares the sensitivity of its releases: 1,000 pairs of neighbours are no farther apart, and some are as far', async () => {
    const { size, shape } = toyFacts;
    const embedding = kernelEmbedding(drawBandwidths(shape, five, 4, new SeededStream(1)));
    // Every record in every batch, so that neighbours differ by the record alone.
    const plan = (steps: number) =>
      gaussianOnSamples({ of: 'x', l2Sensitivity: 1 / size, sampleRate: 1, steps, noiseMultiplier: negligible });
    for (const steps of [1, 2]) {
      const largest = await largestChange(steps === 1 ? 1000 : 80, plan(steps), async (mechanisms) => {
        return (await mechanisms.averageOfSampledLabelMeans('x', embeddingQuery(embedding))).value;
      });
      expect(largest).toBeLessThan(1 + 1e-4); // what noise of a millionth and float32 leave
      expect(largest).toBeGreaterThan(1 - 1e-4);
    }
  });

  it('plans minibatches on Poisson samples, with the expected size as the divisor', () => {
    const facts = { ...toyFacts, size: 60000 };
    const planned = (scale: 'laptop' | 'paper') =>
      dpKernel.spends(parameterValues('dp-kernel', dpKernel.params, scale), facts)[0]!;
    for (const scale of ['laptop', 'paper'] as const) {
      const { sampling, sensitivity, mechanism, noise } = planned(scale);
      expect({ mechanism, noise }).toEqual({ mechanism: 'gaussian-on-samples', noise: 'calibrated' });
      expect(sensitivity).toBeCloseTo(1 / (sampling!.sampleRate * 60000), 15);
      expect(sampling!.steps).toBeGreaterThanOrEqual(20);
      expect(sampling!.sampleRate).toBeLessThan(0.5);
    }
    expect(planned('paper').sampling).toMatchObject({ sampleRate: 0.001, steps: 200002 }); // 60 of 60,000
    const { sampling } = dpKernel.spends(parameterValues('dp-kernel', dpKernel.params, 'paper'), {
      ...facts,
      size: 55000,
    })[0]!;
    expect(sampling!.sampleRate).toBe(1 / 917); // the reference's, of the records that it does not hold out
  });
});
