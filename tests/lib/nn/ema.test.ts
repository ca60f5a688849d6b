import { beforeAll, describe, expect, it } from 'vitest';
import { Ema } from '../../../lib/nn/ema.js';
import { constant, disposeAll } from '../../../lib/nn/parameters.js';
import { setupEngine, tf, type Variable } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const set = (variable: Variable, value: number) => tf.tidy(() => variable.assign(tf.fill(variable.shape, value)));
const first = async (variable: Variable) => (await variable.data())[0]!;

describe('Ema', () => {
  it('warms up: decays 2/11, 3/12, 4/13 from 0 towards 1, and leaves nothing behind', async () => {
    const before = tf.memory().numTensors;
    const parameters = { a: constant([2], 0), b: constant([], 5) };
    const ema = new Ema(parameters);
    set(parameters.a, 1);
    // 1 - 2/11 = 9/11; 1 - (2/11)(3/12) = 21/22; 1 - (2/11)(3/12)(4/13) = 141/143
    for (const expected of [0.8181818, 0.9545455, 0.986014]) {
      ema.update();
      expect(Math.abs((await first(ema.shadow['a']!)) - expected)).toBeLessThan(2e-7); // float32
      expect(await first(ema.shadow['b']!)).toBe(5);
    }
    expect([1, 2, 3, 8980, 8990, 100_000].map((n) => ema.decay(n))).toEqual([
      2 / 11,
      3 / 12,
      4 / 13,
      8981 / 8990,
      0.999,
      0.999,
    ]);
    ema.copyInto(parameters);
    expect(Math.abs((await first(parameters.a)) - 0.986014)).toBeLessThan(2e-7);
    // The copy stands alone: the average does not follow the parameter, nor the other way round.
    set(parameters.a, 7);
    expect(Math.abs((await first(ema.shadow['a']!)) - 0.986014)).toBeLessThan(2e-7);
    ema.dispose();
    disposeAll(parameters);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('without warm-up has one decay: 1 - rate^n of the way after n updates', async () => {
    const parameters = { a: constant([1], 0) };
    const ema = new Ema(parameters, { rate: 0.9, warmUp: false });
    set(parameters.a, 1);
    for (let n = 1; n <= 20; n++) ema.update();
    expect(Math.abs((await first(ema.shadow['a']!)) - (1 - 0.9 ** 20))).toBeLessThan(1e-6);
    ema.dispose();
    disposeAll(parameters);
  });

  it('refuses a rate that would never move', () => {
    expect(() => new Ema({}, { rate: 1 })).toThrow(
      'Ema: rate is out of range; got 1, expected a number of at least 0 and below 1.',
    );
  });
});
