import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OptionError } from '../../../../lib/core/errors.js';
import { ClippedGradient } from '../../../../lib/mechanisms/dp-sgd/clipped-gradient.js';
import { clippedSum } from '../../../../lib/mechanisms/dp-sgd/clipped-sum.js';
import { disposeAll } from '../../../../lib/nn/parameters.js';
import { setupEngine, tf, type Tensor, type Tensor2D, type Variable } from '../../../../lib/tensor/index.js';
import { naiveGradients, normal, relativeDifference, relativeTolerance, weightsOf } from '../../nn/layers/naive.js';
import { smallNetLayers, smallNetLosses as losses } from './small-net.js';

const count = 7;
let parameters: Record<string, Variable>;
let inputs: Tensor[];

beforeAll(async () => {
  await setupEngine();
  parameters = tf.tidy(() =>
    Object.fromEntries(Object.entries(weightsOf(...smallNetLayers)).map(([name, w]) => [name, tf.variable(w)])),
  );
  inputs = tf.tidy(() => [
    // Examples of very different sizes: some are clipped and some are not.
    normal([count, 12, 12, 1], 'images').mul(tf.range(1, count + 1).reshape([count, 1, 1, 1])),
    tf.oneHot(tf.tensor1d([0, 1, 2, 3, 0, 1, 2], 'int32'), 4).toFloat(),
    normal([count, 6, 6, 1], 'targets').mul(tf.range(1, count + 1).reshape([count, 1, 1, 1])),
  ]);
});

afterAll(() => {
  disposeAll(parameters);
  tf.dispose(inputs);
});

/** sum_b min(1, clipNorm / |g_b|) g_b over the rows, by a loop over the examples; and the norms. */
function naiveSum(trained: readonly string[], clipNorm: number, rows: readonly number[]) {
  const gradients = naiveGradients(losses, parameters, inputs).filter((_, i) =>
    trained.includes(Object.keys(parameters)[i]!),
  );
  const picked = gradients.map((g) => tf.gather(g, [...rows]).reshape([rows.length, -1]));
  const norms = tf.addN(picked.map((g) => g.square().sum(1))).sqrt();
  const coefficients = tf.minimum(1, tf.div(clipNorm, norms)).reshape([1, rows.length]) as Tensor2D;
  const sums = picked.map((g, i) => coefficients.matMul(g as Tensor2D).reshape(gradients[i]!.shape.slice(1)));
  return { norms, sums };
}

const allNames = () => Object.keys(parameters);
const allRows = [...Array(count).keys()];

async function expectClose(got: readonly Tensor[], expected: readonly Tensor[]): Promise<void> {
  expect(got.length).toBe(expected.length);
  for (const [i, tensor] of got.entries())
    expect(await relativeDifference(tensor, expected[i]!)).toBeLessThan(relativeTolerance);
}

describe('the clipped sum', () => {
  it.each([
    [0.5, allRows],
    [5, [0, 2, 3, 6]],
    [1e6, allRows],
  ])('is that of a loop over the examples, clipNorm %d, rows %j', async (clipNorm, rows) => {
    const before = tf.memory().numTensors;
    const mask = tf.tensor1d(allRows.map((row) => Number(rows.includes(row))));
    const { sums: got, squaredNorms } = clippedSum({
      ...{ losses, weights: parameters, trained: allNames(), clipNorm, inputs, mask },
    });
    const expected = tf.tidy(() => naiveSum(allNames(), clipNorm, rows).sums);
    await expectClose(got, expected);
    tf.dispose([mask, squaredNorms, got, expected]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is tested with examples on both sides of the bound', async () => {
    const norms = tf.tidy(() => naiveSum(allNames(), 5, allRows).norms);
    const values = [...(await norms.data())];
    expect(Math.min(...values)).toBeLessThan(5);
    expect(Math.max(...values)).toBeGreaterThan(5);
    norms.dispose();
  });

  it('of one example has at most the norm clipNorm', async () => {
    for (const row of allRows) {
      const squared = tf.tidy(() => {
        const mask = tf.tensor1d(allRows.map((other) => Number(other === row)));
        const options = { losses, weights: parameters, trained: allNames(), clipNorm: 0.5, inputs, mask };
        const { sums } = clippedSum(options);
        return tf.addN(sums.map((sum) => sum.square().sum()));
      });
      expect((await squared.data())[0]).toBeLessThan(0.25); // squared
      squared.dispose();
    }
  });

  it('clips by the norm over the trained parameters only', async () => {
    const trained = ['second.kernel', 'label.table'];
    const mask = tf.ones([count]) as ReturnType<typeof tf.tensor1d>;
    const options = { losses, weights: parameters, trained, clipNorm: 0.5, inputs, mask };
    const { sums: got, squaredNorms } = clippedSum(options);
    const expected = tf.tidy(() => naiveSum(trained, 0.5, allRows).sums);
    await expectClose(got, expected);
    tf.dispose([mask, squaredNorms, got, expected]);
  });

  it('refuses a mask of another length', () => {
    const mask = tf.tensor1d([1, 1]);
    const wrong = () => clippedSum({ losses, weights: parameters, trained: allNames(), clipNorm: 1, inputs, mask });
    expect(wrong).toThrow(OptionError);
    expect(wrong).toThrow('clippedSum: the mask has another length than the batch; got [2], expected shape [7].');
    mask.dispose();
  });
});

describe('ClippedGradient', () => {
  it.each([1, 2, 3, 7, 16])('recorded, in micro-batches of %i, is that of the loop', async (microBatch) => {
    const before = tf.memory().numTensors;
    const gradient = new ClippedGradient({ losses, parameters, clipNorm: 5, microBatch });
    const got = await gradient.at(inputs);
    const expected = tf.tidy(() => naiveSum(allNames(), 5, allRows).sums);
    expect(Object.keys(got)).toEqual(allNames());
    await expectClose(Object.values(got), expected);
    gradient.dispose();
    tf.dispose([got, expected]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(['float32', 'bfloat16'] as const)(
    'of one example has at most the norm clipNorm, in %s',
    async (precision) => {
      const gradient = new ClippedGradient({ losses, parameters, clipNorm: 0.5, microBatch: 1, precision });
      for (const row of allRows) {
        const one = tf.tidy(() => inputs.map((input) => tf.slice(input, row, 1)));
        const sums = Object.values(await gradient.at(one));
        const values = (await Promise.all(sums.map((sum) => sum.data()))).flatMap((part) => [...part]);
        expect(Math.hypot(...values)).toBeLessThanOrEqual(0.5); // in double precision
        expect(Math.hypot(...values)).toBeGreaterThan(0.5 * (1 - 1e-5));
        tf.dispose([one, sums]);
      }
      gradient.dispose();
    },
  );

  it('of no rows is zero', async () => {
    const gradient = new ClippedGradient({ losses, parameters, trained: ['branch.scale'], clipNorm: 2, microBatch: 4 });
    const none = tf.tidy(() => inputs.map((input) => tf.slice(input, 0, 0)));
    const got = await gradient.at(none);
    expect([...(await got['branch.scale']!.data())]).toEqual([0]);
    gradient.dispose();
    tf.dispose([got, none]);
  });

  it('follows the parameters', async () => {
    const gradient = new ClippedGradient({ losses, parameters, trained: ['last.bias'], clipNorm: 1e6, microBatch: 7 });
    const at = async () => {
      const got = await gradient.at(inputs);
      const [value] = await got['last.bias']!.data();
      tf.dispose(got);
      return value!;
    };
    const first = await at();
    const bias = parameters['last.bias']!;
    tf.tidy(() => bias.assign(bias.add(1)));
    expect((await at()) - first).toBeCloseTo(2 * count, 3); // d/db of the mean of (b + ...)^2 grows by 2 an example
    tf.tidy(() => bias.assign(bias.sub(1)));
    gradient.dispose();
  });

  it('says what is wrong', async () => {
    const make = (options: object) => () =>
      new ClippedGradient({ losses, parameters, clipNorm: 1, microBatch: 4, ...options });
    expect(make({ clipNorm: 0 })).toThrow('ClippedGradient: clipNorm is out of range; got 0');
    expect(make({ microBatch: 1.5 })).toThrow('ClippedGradient: microBatch is out of range; got 1.5');
    const gradient = make({})();
    const short = tf.slice(inputs[0]!, 0, 2);
    await expect(gradient.at([short, inputs[1]!])).rejects.toThrow(
      'ClippedGradient: the inputs have different numbers of rows; got [2,7].',
    );
    await expect(gradient.add(gradient.zeros(), inputs)).rejects.toThrow(
      'ClippedGradient.add: there are more rows than in a micro-batch; got 7, expected at most 4.',
    );
    short.dispose();
    gradient.dispose();
  });
});
