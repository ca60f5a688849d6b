import { beforeAll, expect, it } from 'vitest';
import { ClippedGradient } from '../../../../lib/mechanisms/dp-sgd/clipped-gradient.js';
import { smallCritic } from '../../../../lib/nn/critics/small-critic.js';
import { initialParameters } from '../../../../lib/nn/initial-parameters.js';
import { disposeAll, parameterCount } from '../../../../lib/nn/parameters.js';
import { forwardTape } from '../../../../lib/nn/tape.js';
import { SeededStream } from '../../../../lib/core/rng.js';
import { setupEngine, tf, type Tensor, type Tensor2D } from '../../../../lib/tensor/index.js';
import { naiveClippedSums, normal, relativeDifference, relativeTolerance, weightsOf } from '../layers/naive.js';

beforeAll(() => setupEngine());

const tiny = { shape: { height: 4, width: 4, channels: 1 }, classes: 3, widths: [6, 5] } as const;
const oneHot = (...labels: number[]): Tensor => tf.oneHot(tf.tensor1d(labels, 'int32'), 3).toFloat();

it('has 235,265 parameters for digits', () => {
  const critic = smallCritic({ shape: { height: 28, width: 28, channels: 1 }, classes: 10 });
  const weights = initialParameters(critic.layers, new SeededStream(1));
  // (784 + 1) 256 + (256 + 1) 128 + (128 + 1) + 10 * 128
  expect(parameterCount(weights)).toBe(235265);
  disposeAll(weights);
});

it('scores an image by its features, and by what its label says of them', async () => {
  const critic = smallCritic(tiny);
  const weights = weightsOf(...critic.layers);
  const images = tf.tidy(() => normal([2, 4, 4, 1], 'images').sigmoid());
  const scores = tf.tidy(() => critic.apply(forwardTape(weights), images, oneHot(2, 0)));
  const [w1, b1, w2, b2, w, b, table] = await Promise.all(
    ['first.kernel', 'first.bias', 'second.kernel', 'second.bias', 'score.kernel', 'score.bias', 'label.table'].map(
      (name) => weights[name]!.array() as Promise<unknown>,
    ),
  );
  const leaky = (x: number) => (x > 0 ? x : 0.2 * x);
  const dense = (x: number[], kernel: number[][], bias: number[]) =>
    bias.map((start, j) => x.reduce((sum, value, i) => sum + value * kernel[i]![j]!, start));
  const pixels = (await images.reshape<Tensor2D>([2, 16]).array()).map((row) => row.map((value) => 2 * value - 1));
  const expected = pixels.map((row, i) => {
    const first = dense(row, w1 as number[][], b1 as number[]).map(leaky);
    const h = dense(first, w2 as number[][], b2 as number[]).map(leaky);
    const ofLabel = (table as number[][])[[2, 0][i]!]!.reduce((sum, value, j) => sum + value * h[j]!, 0);
    return dense(h, w as number[][], b as number[])[0]! + ofLabel;
  });
  const got = await scores.data();
  expected.forEach((score, i) => expect(got[i]).toBeCloseTo(score, 4));
  tf.dispose([weights, images, scores]);
});

it('has the gradients of single examples, for DP-SGD', async () => {
  const before = tf.memory().numTensors;
  const critic = smallCritic(tiny);
  const weights = weightsOf(...critic.layers);
  const parameters = Object.fromEntries(
    Object.entries(weights).map(([name, weight]) => [name, tf.tidy(() => tf.variable(weight))]),
  );
  const inputs = [tf.tidy(() => normal([5, 4, 4, 1], 'images').sigmoid()), tf.tidy(() => oneHot(0, 1, 2, 0, 1))];
  const losses = (tape: Parameters<typeof critic.apply>[0], images: Tensor, labels: Tensor) =>
    critic.apply(tape, images, labels).square();
  const clipNorm = 20;
  const { norms, sums } = tf.tidy(() => naiveClippedSums(losses as never, { weights, inputs, clipNorm }));
  const sizes = [...(await norms.data())];
  expect(Math.min(...sizes)).toBeLessThan(clipNorm);
  expect(Math.max(...sizes)).toBeGreaterThan(clipNorm);
  const gradient = new ClippedGradient({ losses: losses as never, parameters, clipNorm, microBatch: 2 });
  const got = Object.values(await gradient.at(inputs));
  for (const [i, tensor] of got.entries())
    expect(await relativeDifference(tensor, sums[i]!)).toBeLessThan(relativeTolerance);
  gradient.dispose();
  disposeAll(parameters);
  tf.dispose([weights, inputs, norms, sums, got]);
  expect(tf.memory().numTensors).toBe(before);
});
