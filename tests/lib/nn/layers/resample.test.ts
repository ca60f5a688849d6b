import { beforeAll, expect, it } from 'vitest';
import { downsample, upsample } from '../../../../lib/nn/layers/resample.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

it('enlarging repeats values, and shrinking takes means', async () => {
  const before = tf.memory().numTensors;
  const small = tf.tensor4d([1, 10, 2, 20, 3, 30, 4, 40], [1, 2, 2, 2]); // channels are the second digit
  const large = tf.tidy(() => upsample(small));
  const rows = [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4];
  expect(large.shape).toEqual([1, 4, 4, 2]);
  expect([...(await large.data())]).toEqual(rows.flatMap((value) => [value, 10 * value]));
  const means = tf.tidy(() => downsample(small));
  expect(means.shape).toEqual([1, 1, 1, 2]);
  expect([...(await means.data())]).toEqual([2.5, 25]);
  tf.dispose([small, large, means]);
  expect(tf.memory().numTensors).toBe(before);
});
