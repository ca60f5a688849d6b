import { beforeAll, describe, expect, it } from 'vitest';
import { OptionError } from '../../../../lib/core/errors.js';
import { groupNorm } from '../../../../lib/nn/layers/group-norm.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { normal, relativeDifference, relativeTolerance, weightsOf } from './naive.js';

beforeAll(() => setupEngine());

/** The same from tf.moments, with tfjs's automatic gradient. */
function composed(x: Tensor, scale: Tensor, shift: Tensor, groups: number, silu: boolean): Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const grouped = x.reshape([batch, height, width, groups, channels / groups]);
  const { mean, variance } = tf.moments(grouped, [1, 2, 4], true);
  const z = grouped.sub(mean).div(variance.add(1e-5).sqrt()).reshape(x.shape).mul(scale).add(shift);
  return silu ? z.mul(z.sigmoid()) : z;
}

describe('groupNorm', () => {
  it.each([
    [true, 4],
    [false, 4],
    [true, 8],
    [false, 1],
  ])('and its hand-written gradient agree with tf.moments, silu %s, %i groups', async (silu, groups) => {
    const before = tf.memory().numTensors;
    const layer = groupNorm({ name: 'norm', channels: 8, groups, silu });
    const weights = weightsOf(layer);
    const x = tf.tidy(() => normal([3, 7, 5, 8], 'x').mul(2).add(1)); // a mean of half the spread
    const dy = normal(x.shape, 'dy');
    const gradients = (run: (x: Tensor, scale: Tensor, shift: Tensor) => Tensor) => {
      const given = [x, weights['norm.scale']!, weights['norm.shift']!] as [Tensor, Tensor, Tensor];
      const loss = (...values: Tensor[]) =>
        run(...(values as typeof given))
          .mul(dy)
          .sum()
          .asScalar();
      return [tf.tidy(() => run(...given)), ...tf.grads(loss)(given)];
    };
    const got = gradients((x, scale, shift) => layer.apply({ 'norm.scale': scale, 'norm.shift': shift }, x));
    const expected = gradients((x, scale, shift) => composed(x, scale, shift, groups, silu));
    for (const [i, tensor] of got.entries())
      expect(await relativeDifference(tensor, expected[i]!)).toBeLessThan(relativeTolerance);
    tf.dispose([got, expected, weights, x, dy]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses groups that do not divide the channels', () => {
    const wrong = () => groupNorm({ name: 'norm', channels: 8, groups: 3 });
    expect(wrong).toThrow(OptionError);
    expect(wrong).toThrow('groupNorm: the groups do not divide the channels; got 3, expected a divisor of 8.');
  });
});
