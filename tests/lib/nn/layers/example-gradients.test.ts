import { beforeAll, describe, expect, it } from 'vitest';
import { ghostIsCheaper, ofProduct } from '../../../../lib/nn/layers/example-gradients.js';
import { setupEngine, tf, type Tensor, type Tensor3D } from '../../../../lib/tensor/index.js';
import { normal } from './naive.js';

beforeAll(() => setupEngine());

describe('the ghost norm', () => {
  it('is taken at few positions and many channels', () => {
    expect(ghostIsCheaper(1, 2, 3)).toBe(true);
    expect(ghostIsCheaper(49, 9 * 64, 64)).toBe(true); // 7 x 7
    expect(ghostIsCheaper(784, 9 * 64, 64)).toBe(false); // 28 x 28
    expect(ghostIsCheaper(196, 9 * 512, 512)).toBe(false);
    expect(ghostIsCheaper(170, 9 * 512, 512)).toBe(true);
  });

  it('is never too small where the terms of a gradient cancel', async () => {
    // Positions come in pairs with opposite output gradients and inputs that differ by 1e-5: |g| is 1e-5 of its terms.
    const before = tf.memory().numTensors;
    const [ghost, exact] = tf.tidy((): [Tensor, Tensor] => {
      const a = normal([64, 8, 32], 'a');
      const d = normal([64, 8, 32], 'd');
      const input = tf.concat([a, a.add(normal(a.shape, 'b', 1e-5))], 1) as Tensor3D;
      const gradients = ofProduct(input, tf.concat([d, d.neg()], 1) as Tensor3D, [32, 32]);
      return [gradients.squaredNorms(), gradients.all().square().sum([1, 2])];
    });
    const [norms, squares] = await Promise.all([ghost.data(), exact.data()]);
    expect(ghostIsCheaper(16, 32, 32)).toBe(true);
    norms.forEach((norm, b) => expect(norm).toBeGreaterThanOrEqual(squares[b]!));
    tf.dispose([ghost, exact]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
