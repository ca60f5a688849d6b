import { beforeAll, describe, expect, it } from 'vitest';
import { OptionError } from '../../../../lib/core/errors.js';
import { selfAttention } from '../../../../lib/nn/layers/self-attention.js';
import { forwardTape, withExampleGradients, type ExampleLosses } from '../../../../lib/nn/tape.js';
import { replay, setupEngine, tf, type Tensor, type Tensor2D } from '../../../../lib/tensor/index.js';
import { naiveGradients, normal, relativeDifference, relativeTolerance, weightsOf } from './naive.js';

beforeAll(() => setupEngine());

describe('self-attention', () => {
  it.each([
    [8, 2, 5],
    [6, 1, 30],
  ])('of size %i with %i heads gives the gradients of a loop over examples', async (size, heads, positions) => {
    const before = tf.memory().numTensors;
    const attention = selfAttention({ name: 'a', size, heads });
    const weights = weightsOf(...attention.layers);
    const names = Object.keys(weights);
    const x = normal([3, positions, size], 'x');
    const losses: ExampleLosses = (tape, x) => attention.apply(tape, x!).sub(x!).square().mean([1, 2]);
    const compute = (x: Tensor, ...values: Tensor[]) => {
      const given = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
      return withExampleGradients(losses, { weights: given, trained: names, inputs: [x] }, (gradients) =>
        [...gradients.values()].flatMap((g) => [g.all(), g.squaredNorms()]),
      );
    };
    const expected = tf.tidy(() =>
      naiveGradients(losses, weights, [x]).flatMap((g) => [g, g.reshape([3, -1]).square().sum(1)]),
    );
    const graph = replay(compute);
    const given = [x, ...Object.values(weights)] as const;
    const results = [compute(...given), graph.run(given)];
    for (const result of results)
      for (const [i, got] of result.entries())
        expect(await relativeDifference(got, expected[i]!)).toBeLessThan(relativeTolerance);
    graph.dispose();
    tf.dispose([x, weights, expected, results.flat()]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is softmax(q k / sqrt(width)) v, head by head', async () => {
    const [size, width] = [6, 3];
    const attention = selfAttention({ name: 'a', size, heads: 2 });
    const weights = weightsOf(...attention.layers);
    const x = normal([1, 4, size], 'x');
    const got = tf.tidy(() => attention.apply(forwardTape(weights), x));
    const expected = tf.tidy(() => {
      const all = x
        .reshape([4, size])
        .matMul(weights['a.project.kernel'] as Tensor2D)
        .add(weights['a.project.bias']!);
      const columns = (start: number) => all.slice([0, start], [4, width]) as Tensor2D;
      const mixed = [0, width].map((head) => {
        const scores = columns(head).matMul(columns(size + head), false, true);
        return tf.softmax(scores.div(Math.sqrt(width))).matMul(columns(2 * size + head));
      });
      const out = tf.concat(mixed, 1).matMul(weights['a.out.kernel'] as Tensor2D);
      return out.add(weights['a.out.bias']!).reshape([1, 4, size]);
    });
    expect(await relativeDifference(got, expected)).toBeLessThan(relativeTolerance);
    tf.dispose([x, weights, got, expected]);
  });

  it('refuses heads that do not divide the size', () => {
    const wrong = () => selfAttention({ name: 'a', size: 8, heads: 3 });
    expect(wrong).toThrow(OptionError);
    expect(wrong).toThrow('selfAttention: the heads do not divide the size; got 3, expected a divisor of 8.');
  });
});
