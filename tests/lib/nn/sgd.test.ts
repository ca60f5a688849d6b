import { beforeAll, describe, expect, it } from 'vitest';
import { constant, disposeAll } from '../../../lib/nn/parameters.js';
import { Sgd } from '../../../lib/nn/sgd.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

describe('Sgd', () => {
  it('with momentum goes the closed form of a constant gradient', async () => {
    const before = tf.memory().numTensors;
    const parameters = { a: constant([2], 3) };
    const sgd = new Sgd(parameters, { momentum: 0.9 });
    const gradient = tf.tensor1d([1, -2]);
    // velocity_t = g (1 - m^t) / (1 - m), so that after t steps p = p0 - rate g (t - m (1 - m^t) / (1 - m)) / (1 - m).
    for (let t = 1; t <= 10; t++) {
      sgd.apply({ a: gradient }, 0.1);
      const way = (t - (0.9 * (1 - 0.9 ** t)) / 0.1) / 0.1;
      const values = await parameters.a.data();
      [1, -2].forEach((g, i) => expect(Math.abs(values[i]! - (3 - 0.1 * g * way))).toBeLessThan(1e-5)); // float32
    }
    gradient.dispose();
    sgd.dispose();
    disposeAll(parameters);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('without momentum is the plain step of the clipped mean', async () => {
    // Clipped gradients of (3,4), (0.3,0.4), (0,0) at norm 1 over an expected batch of 4: (0.225, 0.3).
    const parameters = { a: constant([2], 0) };
    const sgd = new Sgd(parameters);
    tf.tidy(() => sgd.apply({ a: tf.tensor1d([0.225, 0.3]) }, 1));
    expect([...(await parameters.a.data())]).toEqual([Math.fround(-0.225), Math.fround(-0.3)]);
    sgd.dispose();
    disposeAll(parameters);
  });

  it('with weight decay and no gradient shrinks by 1 - rate decay at each step', async () => {
    const parameters = { a: constant([1], 2) };
    const sgd = new Sgd(parameters, { weightDecay: 0.5 });
    for (let step = 0; step < 3; step++) tf.tidy(() => sgd.apply({ a: tf.zeros([1]) }, 0.1));
    expect(Math.abs((await parameters.a.data())[0]! - 2 * 0.95 ** 3)).toBeLessThan(1e-6);
    sgd.dispose();
    disposeAll(parameters);
  });

  it('refuses momentum of 1 and negative numbers', () => {
    expect(() => new Sgd({}, { momentum: 1 })).toThrow('Sgd: momentum is out of range; got 1, expected below 1.');
    expect(() => new Sgd({}, { weightDecay: -1 })).toThrow(
      'Sgd: weightDecay is out of range; got -1, expected a number of at least 0.',
    );
  });
});
