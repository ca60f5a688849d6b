import { beforeAll, expect, it } from 'vitest';
import { everySecondPixel } from '../../../../lib/nn/classifiers/every-second-pixel.js';
import { setupEngine, tf, type Tensor, type Tensor4D } from '../../../../lib/tensor/index.js';

beforeAll(async () => void (await setupEngine()));

it('takes pixels 0, 2, 4, … and sends the gradient back to them alone', async () => {
  const before = tf.memory().numTensors;
  const found = tf.tidy(() => {
    const images = tf.range(0, 15).reshape([1, 3, 5, 1]) as Tensor4D;
    const weights = tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 2, 3, 1]);
    const sum = (x: Tensor) =>
      everySecondPixel(x as Tensor4D)
        .mul(weights)
        .sum()
        .asScalar();
    return [everySecondPixel(images), tf.grad(sum)(images)];
  });
  expect(found[0]!.shape).toEqual([1, 2, 3, 1]);
  expect([...(await found[0]!.data())]).toEqual([0, 2, 4, 10, 12, 14]);
  expect([...(await found[1]!.data())]).toEqual([1, 0, 2, 0, 3, 0, 0, 0, 0, 0, 4, 0, 5, 0, 6]);
  tf.dispose(found);
  expect(tf.memory().numTensors).toBe(before);
});
