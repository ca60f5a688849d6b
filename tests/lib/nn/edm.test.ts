import { beforeAll, describe, expect, it } from 'vitest';
import { OptionError } from '../../../lib/core/errors.js';
import { SeededStream } from '../../../lib/core/rng.js';
import { dataDeviation, edm, variancePreserving, velocity } from '../../../lib/nn/edm-preconditioning.js';
import {
  denoise,
  denoiserOf,
  denoisingLoss,
  drawSigmas,
  dropLabels,
  scaleRows,
  type Network,
} from '../../../lib/nn/edm.js';
import { replay, setupEngine, tf, type Tensor, type Tensor1D, type Tensor2D } from '../../../lib/tensor/index.js';
import { standardNormal } from '../../../lib/nn/samplers/sampling.js';

beforeAll(() => setupEngine());

/** A network before training: F is 0. */
const untrained: Network = (images) => tf.zerosLike(images);

async function values(tensor: Tensor): Promise<number[]> {
  const read = [...(await tensor.data())];
  tf.dispose(tensor);
  return read;
}

describe('the denoiser', () => {
  it('is skip x + output F(input x, condition, labels), row by row', async () => {
    const before = tf.memory().numTensors;
    // F adds what it is told, so that each factor shows: F = x + condition + label.
    const network: Network = (images, condition, labels) =>
      images.add(condition.add(labels!.cast('float32')).reshape([-1, 1, 1, 1]));
    const sigmas = [0.002, 1, 80];
    const noisy = tf.tensor4d([0.5, -0.25, 1.5, 2, -60, 100], [3, 1, 2, 1]);
    const scales = scaleRows(edm, sigmas);
    const labels = tf.tensor1d([3, 0, 1], 'int32');
    const given = [0.5, -0.25, 1.5, 2, -60, 100];
    const got = await values(denoise(network, noisy, scales, labels));
    given.forEach((x, i) => {
      const row = Math.floor(i / 2);
      const { skip, output, input, condition } = edm.scales(sigmas[row]!);
      const expected = skip * x + output * (input * x + condition + [3, 0, 1][row]!);
      expect(Math.abs(got[i]! - expected)).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected))); // float32
    });
    // Row 1 alone, by the denoiser that samplers take.
    const [middle, label] = [noisy.slice([1, 0, 0, 0], [1, -1, -1, -1]), labels.slice(1, 1)];
    expect(await values(denoiserOf(network, edm)(middle, 1, label))).toEqual(got.slice(2, 4));
    tf.dispose([noisy, scales, labels, middle, label]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a noise level that is not above 0', () => {
    const asked = () => scaleRows(edm, [1, 0]);
    expect(asked).toThrow(OptionError);
    expect(asked).toThrow('scaleRows: sigma is out of range; got 0, expected a number above 0.');
  });
});

describe('the training loss', () => {
  it('of an untrained network is lambda (c_skip² sigma² + (1 - c_skip)² x²) on average, 1 on data of variance 1/3', async () => {
    const stream = new SeededStream(5);
    for (const sigma of [0.002, 0.2, 1, 5, 80])
      for (const power of [1 / 3, 1]) {
        // Half the values are √power and half -√power; 40,000 noises.
        const loss = tf.tidy(() => {
          const sign = tf.tensor1d(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 1 : -1)));
          const images = tf.ones([400, 100]).mul(sign).mul(Math.sqrt(power));
          const scales = scaleRows(edm, Array<number>(400).fill(sigma));
          return denoisingLoss(untrained, images, standardNormal([400, 100], stream), scales).mean();
        });
        const { skip } = edm.scales(sigma);
        const expected = edm.weight(sigma) * (skip ** 2 * sigma ** 2 + (1 - skip) ** 2 * power);
        if (power === 1 / 3) expect(expected).toBeCloseTo(1, 9);
        const [got] = await values(loss);
        // A mean of 40,000 squares of deviation at most √2 of their mean: five deviations.
        expect(Math.abs(got! / expected - 1), `sigma ${sigma}`).toBeLessThan((5 * Math.SQRT2) / 200);
      }
  });

  it('equals lambda (D - x)² formed in double precision, at all noise levels and preconditionings', async () => {
    const before = tf.memory().numTensors;
    const network: Network = (images) => images.mul(0.5).add(0.25);
    const sigmas = [0.002, 0.05, 1, 20, 80];
    const [clean, noise] = [
      [0.5, -1],
      [1.2, -0.3],
    ];
    for (const preconditioning of [edm, velocity(), variancePreserving()]) {
      const inputs = tf.tidy(() => [tf.tensor2d([clean]).tile([5, 1]), tf.tensor2d([noise]).tile([5, 1])]);
      const scales = scaleRows(preconditioning, sigmas);
      const got = await values(denoisingLoss(network, inputs[0]!, inputs[1]!, scales));
      sigmas.forEach((sigma, row) => {
        const { skip, output, input } = preconditioning.scales(sigma);
        const errors = clean.map((x, i) => {
          const noisy = x + sigma * noise[i]!;
          return skip * noisy + output * (0.5 * input * noisy + 0.25) - x;
        });
        const expected = (preconditioning.weight(sigma) * (errors[0]! ** 2 + errors[1]! ** 2)) / 2;
        expect(Math.abs(got[row]! / expected - 1), `${preconditioning.name} ${sigma}`).toBeLessThan(2e-6); // float32
      });
      tf.dispose([...inputs, scales]);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('of the perfect network is 0, also where lambda is 250,000', async () => {
    // Data that is one point x0: D = x0, so F = (x0 - skip noisy) / output.
    const sigmas = [0.002, 0.5, 80];
    const perfect: Network = (scaled) =>
      tf.stack(
        sigmas.map((sigma, row) => {
          const { skip, output, input } = edm.scales(sigma);
          return tf
            .scalar(0.7 / output)
            .sub(scaled.slice([row, 0], [1, -1]).mul(skip / output / input))
            .flatten();
        }),
      );
    const scales = scaleRows(edm, sigmas);
    const loss = tf.tidy(() =>
      denoisingLoss(perfect, tf.fill([3, 4], 0.7), standardNormal([3, 4], new SeededStream(1)), scales),
    );
    // At sigma 0.002 the scaled input has 2^-24 of 1.2, times skip / output = 500: an error of at most 1e-4, squared.
    for (const value of await values(loss)) expect(value).toBeLessThan(1e-8);
    scales.dispose();
  });

  it('is recorded once and replayed for other noise levels', async () => {
    const network: Network = (images, condition, labels) =>
      images.sin().add(condition.mul(labels!.cast('float32')).reshape([-1, 1]));
    const loss = (images: Tensor, noise: Tensor, scales: Tensor, labels: Tensor) => [
      denoisingLoss(network, images, noise, scales as Tensor2D, labels as Tensor1D),
    ];
    const graph = replay(loss, { name: 'a loss' });
    for (const seed of [1, 2]) {
      const stream = new SeededStream(seed);
      const scales = scaleRows(edm, drawSigmas(edm, 3, stream));
      const inputs = [standardNormal([3, 4], stream), standardNormal([3, 4], stream), scales] as const;
      const labels = tf.tensor1d([seed, 2, 0], 'int32');
      const replayed = await values(graph.run([...inputs, labels])[0]!);
      const eager = await values(loss(...inputs, labels)[0]!);
      replayed.forEach((value, i) => expect(Math.abs(value / eager[i]! - 1)).toBeLessThan(1e-6));
      tf.dispose([...inputs, labels]);
    }
    expect(graph.size).toBe(1);
    graph.dispose();
  });

  it('draws its noise levels from a stream that repeats them', () => {
    const drawn = drawSigmas(edm, 5, new SeededStream(2));
    expect(drawSigmas(edm, 5, new SeededStream(2))).toEqual(drawn);
    const stream = new SeededStream(2);
    expect([...drawn]).toEqual(Array.from({ length: 5 }, () => Math.exp(-1.2 + 1.2 * stream.normal())));
    expect(dataDeviation ** 2).toBeCloseTo(1 / 3, 15);
  });
});

describe('dropping labels', () => {
  const labels = Int32Array.from({ length: 20_000 }, (_, i) => i % 10);

  it('puts the null label in the given share of places and leaves the rest', () => {
    const dropped = dropLabels(labels, { probability: 0.1, nullLabel: 1000, stream: new SeededStream(4) });
    const gone = [...dropped].filter((label) => label === 1000).length;
    expect(Math.abs(gone - 2000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.09)); // five deviations
    expect([...dropped].every((label, i) => label === 1000 || label === labels[i])).toBe(true);
    const all = dropLabels([0, 1, 2], { probability: 1, nullLabel: 3, stream: new SeededStream(4) });
    expect([...all]).toEqual([3, 3, 3]);
    const none = dropLabels([0, 1, 2], { probability: 0, nullLabel: 3, stream: new SeededStream(4) });
    expect([...none]).toEqual([0, 1, 2]);
  });

  it('refuses a bad probability and a label that would be the null label', () => {
    const stream = new SeededStream(1);
    expect(() => dropLabels([0], { probability: 1.5, nullLabel: 3, stream })).toThrow(
      'dropLabels: probability is out of range; got 1.5, expected a number from 0 to 1.',
    );
    expect(() => dropLabels([3], { probability: 0.1, nullLabel: 3, stream })).toThrow(
      'dropLabels: a label is not a class; got 3, expected a whole number from 0 to 2.',
    );
  });
});
