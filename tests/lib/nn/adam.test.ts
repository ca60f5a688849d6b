import { beforeAll, describe, expect, it } from 'vitest';
import { Adam } from '../../../lib/nn/adam.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

describe('Adam', () => {
  it('takes the steps of the paper', async () => {
    // Kingma and Ba, Algorithm 1, in Python's doubles: m = .9 m + .1 g; v = .999 v + .001 g g;
    // p -= .1 * (m / (1 - .9**t)) / (sqrt(v / (1 - .999**t)) + 1e-8) with g = 2 * p * [1, 2, 0.5]
    const expected = [
      [0.9000000005, -1.900000000125, 2.9000000003333333],
      [0.8004122286917927, -1.800166485863005, 2.800102707750552],
      [0.70158627294603, -1.7006233916636406, 2.7003815239578244],
    ];
    const weights = { p: tf.variable(tf.tensor1d([1, -2, 3])) };
    const adam = new Adam(weights);
    for (const row of expected) {
      tf.tidy(() => adam.apply({ p: weights.p.mul(tf.tensor1d([2, 4, 1])) }, 0.1));
      const values = await weights.p.data();
      row.forEach((value, i) => expect(Math.abs(values[i]! - value)).toBeLessThan(2e-6)); // float32
    }
    adam.dispose();
    weights.p.dispose();
  });

  it('with a weight decay takes the steps of AdamW', async () => {
    // p = torch.tensor([1., -2., 3.], dtype=torch.double, requires_grad=True); o = torch.optim.AdamW([p], lr=0.1, weight_decay=0.3)
    // three times: (p * p * torch.tensor([1., 2., 0.5])).sum().backward(); o.step(); o.zero_grad()   (PyTorch 2.13)
    const expected = [
      [0.8700000004999999, -1.8400000001249999, 2.8100000003333334],
      [0.7445023381262051, -1.6851037266066233, 2.6259238241741265],
      [0.6238866103883297, -1.5353854964614602, 2.447754397342203],
    ];
    const weights = { p: tf.variable(tf.tensor1d([1, -2, 3])) };
    const before = tf.memory().numTensors;
    const adam = new Adam(weights, 0.9, 0.999, 1e-8, 0.3);
    for (const row of expected) {
      tf.tidy(() => adam.apply({ p: weights.p.mul(tf.tensor1d([2, 4, 1])) }, 0.1));
      const values = await weights.p.data();
      row.forEach((value, i) => expect(Math.abs(values[i]! - value)).toBeLessThan(2e-6)); // float32
    }
    adam.dispose();
    expect(tf.memory().numTensors).toBe(before);
    weights.p.dispose();
    expect(() => new Adam({}, 0.9, 0.999, 1e-8, -1)).toThrow(
      'Adam: weightDecay is out of range; got -1, expected a number of at least 0.',
    );
  });
});
