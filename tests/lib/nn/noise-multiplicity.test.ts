import { beforeAll, describe, expect, it } from 'vitest';
import { ClippedGradient } from '../../../lib/mechanisms/dp-sgd/clipped-gradient.js';
import { disposeAll } from '../../../lib/nn/parameters.js';
import type { ExampleLosses } from '../../../lib/nn/tape.js';
import { setupEngine, tf, type Tensor } from '../../../lib/tensor/index.js';
import { smallNetLayers, smallNetLosses } from '../mechanisms/dp-sgd/small-net.js';
import { naiveClippedSums, normal, relativeDifference, relativeTolerance, weightsOf } from './layers/naive.js';

beforeAll(() => setupEngine());

const [count, clipNorm] = [5, 4];

/** Each example with k noises: the rows of an example follow one another, and its loss is the mean over them. */
const losses: ExampleLosses = (tape, images, labels, noises) => {
  const [examples, copies] = noises!.shape as [number, number];
  const noisy = images!.expandDims(1).add(noises!).reshape([-1, 12, 12, 1]);
  const repeated = labels!.expandDims(1).tile([1, copies, 1]).reshape([-1, 4]);
  const target = noises!.slice([0, 0, 3, 3, 0], [-1, -1, 6, 6, 1]).reshape([-1, 6, 6, 1]);
  return smallNetLosses(tape, noisy, repeated, target).reshape([examples, copies]).mean(1);
};

describe('with several noises an example', () => {
  it.each([1, 2, 8])('%i: the clipped sum is that of a loop over examples, at any micro-batch', async (copies) => {
    const before = tf.memory().numTensors;
    const weights = weightsOf(...smallNetLayers);
    const parameters = tf.tidy(() =>
      Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, tf.variable(weight)])),
    );
    const inputs: Tensor[] = tf.tidy(() => [
      // Examples of very different sizes: some are clipped and some are not.
      normal([count, 12, 12, 1], 'images').mul(tf.range(0, count).reshape([count, 1, 1, 1])),
      tf.oneHot(tf.tensor1d([0, 1, 2, 3, 0], 'int32'), 4).toFloat(),
      normal([count, copies, 12, 12, 1], 'noises'),
    ]);
    const { norms, sums } = tf.tidy(() => naiveClippedSums(losses, { weights, inputs, clipNorm }));
    const sizes = [...(await norms.data())];
    expect(Math.min(...sizes)).toBeLessThan(clipNorm);
    expect(Math.max(...sizes)).toBeGreaterThan(clipNorm);
    for (const microBatch of [1, 3, count]) {
      const gradient = new ClippedGradient({ losses, parameters, clipNorm, microBatch });
      const got = Object.values(await gradient.at(inputs));
      for (const [i, tensor] of got.entries())
        expect(await relativeDifference(tensor, sums[i]!), `${microBatch} at a time`).toBeLessThan(relativeTolerance);
      gradient.dispose();
      tf.dispose(got);
    }
    disposeAll(parameters);
    tf.dispose([weights, inputs, norms, sums]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
