import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { projectionCritic } from '../../../../lib/nn/critics/projection-critic.js';
import { initialParameters } from '../../../../lib/nn/initial-parameters.js';
import { disposeAll } from '../../../../lib/nn/parameters.js';
import { forwardTape, withExampleGradients, type ExampleLosses } from '../../../../lib/nn/tape.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { naiveGradients, normal, relativeDifference } from '../layers/naive.js';

beforeAll(() => setupEngine());

/** float32 through 14 layers against float32 in another order, relative to the largest value of a gradient. */
const tolerance = 1e-4;

const square = (side: number, channels: number) => ({ height: side, width: side, channels });

describe('the critic of DPGAN', () => {
  // The fifth is logged by DPImageBench; the others are counted by the formula of the network.
  it.each([
    [28, 1, 1000, 1_342_563],
    [28, 1, 10, 1_184_163],
    [32, 3, 1000, 1_807_527],
    [32, 3, 10, 1_649_127],
    [32, 3, 2, 1_647_847],
    [64, 3, 1000, 1_859_687],
  ])('of %i pixels, %i channels and %i classes has %i parameters', (side, channels, classes, count) => {
    const { layers } = projectionCritic({ shape: square(side, channels), classes });
    const shapes = layers.flatMap(({ parameters }) => Object.values(parameters).map(({ shape }) => shape));
    const sizes = shapes.map((shape) => shape.reduce((product, length) => product * length, 1));
    expect(sizes.reduce((sum, size) => sum + size)).toBe(count);
  });

  it.each([
    ['28 pixels: two halvings, one block more', { height: 8, width: 12, channels: 1 }],
    ['32 pixels: two blocks more', { height: 32, width: 32, channels: 3 }],
    ['64 pixels: four halvings', { height: 64, width: 64, channels: 1 }],
  ])('has the gradients of single examples, %s', async (_title, shape) => {
    const before = tf.memory().numTensors;
    const critic = projectionCritic({ shape, classes: 3, channels: 40 }); // 20 groups
    const weights = initialParameters(critic.layers, new SeededStream(1));
    const names = Object.keys(weights);
    const inputs = tf.tidy(() => [
      normal([3, shape.height, shape.width, shape.channels], 'images').sigmoid(),
      tf.tensor2d([0, 1, 0, 1, 0, 0, 0, 0, 1], [3, 3]),
    ]);
    const losses: ExampleLosses = (tape, images, labels) => tf.sub(1, critic.apply(tape, images!, labels!)).square();
    const expected = tf.tidy(() => naiveGradients(losses, weights, inputs));
    const got = withExampleGradients(losses, { weights, trained: names, inputs }, (gradients) =>
      names.map((name) => gradients.get(name)!.all()),
    );
    for (const [i, name] of names.entries())
      expect(await relativeDifference(got[i]!, expected[i]!), name).toBeLessThan(tolerance);
    tf.dispose([...inputs, ...got, ...expected]);
    disposeAll(weights);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('scores sums over places: by hand for weights that are known', async () => {
    // All convolutions but the first are 0, so each block hands on its shortcut: a map of normalised places.
    const critic = projectionCritic({ shape: square(4, 1), classes: 2, channels: 2 });
    const weights = initialParameters(critic.layers, new SeededStream(1));
    tf.tidy(() => {
      for (const [name, variable] of Object.entries(weights)) {
        if (!/\.(first|second|shortcut)\.kernel$/.test(name)) continue;
        const identity = variable.shape[0] === 1 && variable.shape[2] === 2 ? tf.eye(2) : tf.tensor2d([[1, -1]]);
        const isShortcut = name.includes('shortcut');
        variable.assign(isShortcut ? identity.reshape(variable.shape) : tf.zeros(variable.shape));
      }
      weights['score.kernel']!.assign(tf.tensor2d([[2], [3]]));
      weights['score.bias']!.assign(tf.tensor1d([0.5]));
      weights['label.table']!.assign(tf.tensor2d([[10, 0], [0, 100]])); // prettier-ignore
    });
    // Quarters of 0 and of 1: averages ∓1 after normalisation; channels x and -x; halved once more their mean is 0 ...
    const images = tf.tensor4d([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0.5, 0.5]].flat(), [1, 4, 4, 1]); // prettier-ignore
    const labels = tf.tensor2d([[0, 1]]);
    const scores = tf.tidy(() => critic.apply(forwardTape(weights), images, labels));
    expect(scores.shape).toEqual([1]);
    // Places in [-1, 1]: -1, 1, -1, 0.5 of averages (the last quarter is half 1, half 0 in [-1, 1]).
    const places = [-1, 1, -1, 0.5];
    const normalise = (values: readonly number[]) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      return values.map((value) => (value - mean) / Math.sqrt(variance + 1e-5));
    };
    const once = normalise(places);
    // The second block normalises each of the two channels by itself, and halves 2 x 2 places to one: their mean, 0.
    const twice = [normalise(once), normalise(once.map((value) => -value))];
    const h = twice.map((values) => Math.max(0, values.reduce((sum, value) => sum + value, 0) / 4));
    const expected = 2 * h[0]! + 3 * h[1]! + 0.5 + 100 * h[1]!;
    expect((await scores.data())[0]).toBeCloseTo(expected, 3);
    tf.dispose([images, labels, scores]);
    disposeAll(weights);
  });

  it('starts with orthogonal weights and without biases', async () => {
    const critic = projectionCritic({ shape: square(8, 3), classes: 4, channels: 8 });
    const weights = initialParameters(critic.layers, new SeededStream(1));
    for (const [name, variable] of Object.entries(weights)) {
      if (!/kernel|table/.test(name)) {
        const values = await variable.data();
        expect(new Set(values), name).toEqual(new Set([name.endsWith('scale') ? 1 : 0]));
        continue;
      }
      const outputs = variable.shape.at(-1)!;
      const worst = tf.tidy((): Tensor => {
        const matrix = variable.reshape([-1, outputs]);
        const wide = matrix.shape[0]! < outputs;
        const gram = tf.matMul(matrix as never, matrix as never, !wide, wide);
        return gram.sub(tf.eye(gram.shape[0]!)).abs().max();
      });
      expect((await worst.data())[0], name).toBeLessThan(1e-5);
      worst.dispose();
    }
    disposeAll(weights);
  });

  it('refuses sides that it cannot halve', () => {
    expect(() => projectionCritic({ shape: { height: 30, width: 28, channels: 1 }, classes: 2 })).toThrow(
      'projectionCritic: image sides must be multiples of 4; got [30,28]',
    );
    expect(() => projectionCritic({ shape: square(72, 1), classes: 2 })).toThrow(
      'projectionCritic: image sides must be multiples of 16; got [72,72]',
    );
    expect(() => projectionCritic({ shape: square(28, 1), classes: 0 })).toThrow(
      'projectionCritic: classes is out of range; got 0, expected a whole number of at least 1',
    );
  });
});
