import { beforeAll, describe, expect, it } from 'vitest';
import { OptionError } from '../../../../lib/core/errors.js';
import { crossAttention } from '../../../../lib/nn/layers/cross-attention.js';
import { selfAttention } from '../../../../lib/nn/layers/self-attention.js';
import { forwardTape } from '../../../../lib/nn/tape.js';
import { setupEngine, tf, type Tensor, type Tensor2D } from '../../../../lib/tensor/index.js';
import { normal, relativeDifference, relativeTolerance, weightsOf } from './naive.js';

beforeAll(() => setupEngine());

describe('self-attention', () => {
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

  it('of the input as its own context is cross-attention', async () => {
    const size = 6;
    const together = selfAttention({ name: 'a', size, heads: 3 });
    const apart = crossAttention({ name: 'a', size, contextSize: size, heads: 3 });
    const weights = weightsOf(...together.layers);
    const x = normal([2, 5, size], 'x');
    const [got, expected] = tf.tidy(() => {
      const part = (value: Tensor, i: number) =>
        value.slice([...value.shape.slice(1).map(() => 0), i * size], [...value.shape.slice(0, -1), size]);
      const maps = ['query', 'key', 'value'].flatMap((map, i) =>
        ['kernel', 'bias'].map((kind) => [`a.${map}.${kind}`, part(weights[`a.project.${kind}`]!, i)] as const),
      );
      return [
        apart.apply(forwardTape({ ...weights, ...Object.fromEntries(maps) }), x, x),
        together.apply(forwardTape(weights), x),
      ] as const;
    });
    expect(await relativeDifference(got, expected)).toBeLessThan(relativeTolerance);
    tf.dispose([x, weights, got, expected]);
  });

  it('refuses heads that do not divide the size', () => {
    const wrong = () => selfAttention({ name: 'a', size: 8, heads: 3 });
    expect(wrong).toThrow(OptionError);
    expect(wrong).toThrow('selfAttention: the heads do not divide the size; got 3, expected a divisor of 8.');
    expect(() => crossAttention({ name: 'a', size: 8, contextSize: 4, heads: 5 })).toThrow(
      'crossAttention: the heads do not divide the size; got 5, expected a divisor of 8.',
    );
  });
});
