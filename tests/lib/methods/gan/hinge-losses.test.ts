import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { ClippedGradient } from '../../../../lib/mechanisms/dp-sgd/clipped-gradient.js';
import { generatorLoss, hinge, pairLosses } from '../../../../lib/methods/gan/hinge-losses.js';
import type { Critic } from '../../../../lib/nn/critics/critic.js';
import { smallCritic } from '../../../../lib/nn/critics/small-critic.js';
import { initialParameters } from '../../../../lib/nn/initial-parameters.js';
import { dense } from '../../../../lib/nn/layers/dense.js';
import { disposeAll } from '../../../../lib/nn/parameters.js';
import { forwardTape, type ExampleLosses } from '../../../../lib/nn/tape.js';
import { setupEngine, tf, type Tensor, type Tensor2D, type Tensor4D } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

/** The score is the inner product of two pixels with two weights. */
const line = dense({ name: 'line', inputs: 2, outputs: 1, bias: false });
const inner: Critic = {
  layers: [line],
  apply: (tape, images) => tape.use(line, images.reshape([-1, 2])).reshape([-1]),
};

describe('the loss of a pair', () => {
  it('is the hinge of both halves', async () => {
    // By hand: 1 - 0.5 + 1 - 0.2 = 1.3; both beyond the margin: 0.
    const losses = tf.tidy(() => hinge(tf.tensor2d([[0.5, -0.2], [2, -3]]))); // prettier-ignore
    const [first, second] = await losses.data();
    expect(first).toBeCloseTo(1.3, 6);
    expect(second).toBe(0);
    losses.dispose();
  });

  it('is of a record and its own fake, each with its own label; labels of records may have fewer columns', async () => {
    // The score is the first pixel plus 10 times the place of the label.
    const critic: Critic = {
      layers: [],
      apply: (_tape, images, labels) =>
        images
          .reshape([-1, 1])
          .sum(1)
          .add(labels.mul(tf.tensor1d([0, 10, 20])).sum(1)),
    };
    const image = (...values: number[]) => tf.tensor4d(values, [values.length, 1, 1, 1]);
    const losses = tf.tidy(() =>
      pairLosses(critic)(
        forwardTape({}),
        image(0.25, 0.5),
        tf.tensor2d([[1, 0], [0, 1]]), // prettier-ignore
        image(0.5, 0.75),
        tf.tensor2d([[0, 0, 1], [1, 0, 0]]), // prettier-ignore
      ),
    );
    // relu(1 - 0.25) + relu(1 + 20.5) and relu(1 - 10.5) + relu(1 + 0.75).
    expect([...(await losses.data())]).toEqual([22.25, 1.75]);
    losses.dispose();
  });

  it('is clipped as a whole: (3, 4) and (0.3, 0.4) at norm 1 sum to (0.9, 1.2)', async () => {
    // Scores within the margin: the gradient of a pair is its fake minus its record.
    const parameters = { 'line.kernel': tf.tidy(() => tf.variable(tf.tensor2d([[0], [0]]))) };
    const gradient = new ClippedGradient({ losses: pairLosses(inner), parameters, clipNorm: 1, microBatch: 2 });
    const labels = tf.ones([2, 1]);
    const records = tf.tensor4d([1, 1, 0.25, 0.25], [2, 1, 2, 1]);
    const fakes = tf.tensor4d([4, 5, 0.55, 0.65], [2, 1, 2, 1]);
    const sums = await gradient.at([records, labels, fakes, labels]);
    const [x, y] = await sums['line.kernel']!.data();
    expect(x).toBeCloseTo(0.9, 5);
    expect(y).toBeCloseTo(1.2, 5);
    gradient.dispose();
    disposeAll(parameters);
    tf.dispose([labels, records, fakes, sums]);
  });
});

describe('one record more', () => {
  const shape = { height: 2, width: 2, channels: 1 };
  const critic = smallCritic({ shape, classes: 3, widths: [4, 3] });
  const clipNorm = 0.5;
  /** The largest change of the clipped sum over so many pairs of neighbours, with weights of all sizes. */
  const largestChange = async (losses: readonly ExampleLosses[], pairs: number) => {
    const stream = new SeededStream('neighbours');
    const parameters = initialParameters(critic.layers, stream);
    const gradients = losses.map((each) => new ClippedGradient({ losses: each, parameters, clipNorm, microBatch: 4 }));
    let largest = 0;
    for (let pair = 0; pair < pairs; pair++) {
      const size = 10 ** (stream.integer(7) - 3); // adversarial: tiny and huge
      tf.tidy(() => {
        for (const variable of Object.values(parameters)) {
          const values = new Float32Array(variable.size);
          stream.fillNormal(values, size);
          variable.assign(tf.tensor(values, variable.shape));
        }
      });
      const records = 1 + stream.integer(4);
      const images = () => {
        const values = Float32Array.from({ length: 4 * records }, () => stream.integer(256) / 255);
        return tf.tensor4d(values, [records, 2, 2, 1]);
      };
      const labels = () =>
        tf.oneHot(tf.tensor1d(Int32Array.from({ length: records }, () => stream.integer(3)), 'int32'), 3).toFloat(); // prettier-ignore
      const inputs = tf.tidy(() => [images(), labels(), images(), labels()]);
      const fewer = tf.tidy(() => inputs.map((input) => input.slice([0], [records - 1])));
      const [sums, others] = [gradients[0]!.zeros(), gradients[0]!.zeros()];
      for (const gradient of gradients) {
        await gradient.add(sums, inputs);
        await gradient.add(others, fewer);
      }
      largest = Math.max(largest, Math.hypot(...sums.map((sum, i) => sum - others[i]!)));
      tf.dispose([inputs, fewer]);
    }
    for (const gradient of gradients) gradient.dispose();
    disposeAll(parameters);
    return largest;
  };

  it('changes the clipped sum by the clip norm at most, whatever the weights: 1,000 pairs of neighbours', async () => {
    const before = tf.memory().numTensors;
    const change = await largestChange([pairLosses(critic)], 1000);
    expect(tf.memory().numTensors).toBe(before);
    const rounding = 1e-5; // float32 sums of up to four gradients
    expect(change).toBeLessThanOrEqual(clipNorm * (1 + rounding));
    expect(change).toBeGreaterThan(clipNorm * (1 - rounding));
  });

  it('would change it by more if the halves were clipped one by one', async () => {
    const half =
      (real: boolean): ExampleLosses =>
      (tape, ...inputs) => {
        const [images, labels] = (real ? inputs.slice(0, 2) : inputs.slice(2)) as [Tensor, Tensor];
        return tf.add(1, critic.apply(tape, images, labels).mul(real ? -1 : 1)).relu();
      };
    expect(await largestChange([half(true), half(false)], 200)).toBeGreaterThan(1.25 * clipNorm);
  });
});

it('the generator’s loss is minus the mean score, by the weights that are handed in', async () => {
  const loss = tf.tidy(() =>
    generatorLoss(inner, ['line.kernel'])(
      tf.tensor4d([1, 2, 3, 4], [2, 1, 2, 1]) as Tensor4D,
      tf.ones([2, 1]) as Tensor2D,
      tf.tensor2d([[10], [1]]),
    ),
  );
  expect((await loss.data())[0]).toBeCloseTo(-(12 + 34) / 2, 4);
  loss.dispose();
});
