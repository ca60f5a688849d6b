import { beforeAll, expect, it } from 'vitest';
import { groupNorm } from '../../../../lib/nn/layers/group-norm.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { normal, weightsOf } from './naive.js';

beforeAll(() => setupEngine());

it('the plain gradient of a weight with copies takes as many ops for many rows as for few', async () => {
  const layer = groupNorm({ name: 'n', channels: 4, groups: 2 });
  const weights = weightsOf(layer);
  const names = Object.keys(weights);
  const kernels = async (rows: number): Promise<number> => {
    const x = normal([rows, 3, 4], 'x');
    const loss = (...values: Tensor[]) =>
      layer
        .apply(Object.fromEntries(names.map((name, i) => [name, values[i]!])), x)
        .sum()
        .asScalar();
    const profile = await tf.profile(() => tf.grads(loss)(Object.values(weights)));
    tf.dispose([x, profile.result]);
    return profile.kernels.length;
  };
  expect(await kernels(50)).toBe(await kernels(2));
  tf.dispose(weights);
});
