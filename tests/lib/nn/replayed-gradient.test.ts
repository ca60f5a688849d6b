import { beforeAll, describe, expect, it } from 'vitest';
import { ReplayedGradient } from '../../../lib/nn/replayed-gradient.js';
import { disposeAll } from '../../../lib/nn/parameters.js';
import { setupEngine, tf, type Tensor2D } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

describe('ReplayedGradient', () => {
  it('is the gradient at the parameters as they are now, and leaves nothing behind', async () => {
    const before = tf.memory().numTensors;
    const parameters = tf.tidy(() => ({ w: tf.variable(tf.tensor2d([[1, 2]])), b: tf.variable(tf.scalar(3)) }));
    // loss = sum((x w^T + b)^2): dw = 2 sum((x w^T + b) x), db = 2 sum(x w^T + b)
    const gradient = new ReplayedGradient(parameters, ({ w, b }, x) =>
      (x as Tensor2D)
        .matMul(w as Tensor2D, false, true)
        .add(b!)
        .square()
        .sum()
        .asScalar(),
    );
    const x = tf.tensor2d([
      [1, 0],
      [1, 1],
    ]);
    const at = async () => {
      const { loss, gradients } = gradient.at(x);
      const values = [loss, gradients['w']!, gradients['b']!];
      const read = await Promise.all(values.map(async (tensor) => [...(await tensor.data())]));
      tf.dispose(values);
      return read;
    };
    expect(await at()).toEqual([[16 + 36], [8 + 12, 12], [8 + 12]]);
    tf.tidy(() => parameters.b.assign(tf.scalar(0)));
    expect(await at()).toEqual([[1 + 9], [2 + 6, 6], [2 + 6]]);
    gradient.dispose();
    x.dispose();
    disposeAll(parameters);
    expect(tf.memory().numTensors).toBe(before);
  });
});
