import { setupEngine, tf, type Tensor, type Tensor2D, type Tensor4D } from '../../../lib/tensor/index.js';

/**
 * Rates of the tensor engine by itself, in 10^9 multiplications and additions a second: `node engine-rates.js` prints one
 * JSON line a kernel. The best of 7 runs after 2 warm-ups.
 */
const multiplications = 64 * 28 * 28 * 9 * 64 * 64; // of one convolution

async function rate(work: () => Tensor, operations: number): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < 9; i++) {
    const start = performance.now();
    const result = work();
    await result
      .slice(
        Array.from(result.shape, () => 0),
        Array.from(result.shape, () => 1),
      )
      .data();
    if (i >= 2) best = Math.min(best, performance.now() - start);
    result.dispose();
  }
  return operations / best / 1e6;
}

await setupEngine();
const [x, y] = [tf.randomNormal([64, 28, 28, 64]) as Tensor4D, tf.randomNormal([64, 28, 28, 64]) as Tensor4D];
const kernel = tf.randomNormal([3, 3, 64, 64]) as Tensor4D;
const [a, b] = [tf.randomNormal([1024, 1024]) as Tensor2D, tf.randomNormal([1024, 1024]) as Tensor2D];
const long = tf.randomNormal([64 * 784 * 64]);
const inputGradient = tf.grad((x: Tensor) => tf.conv2d(x as Tensor4D, kernel, 1, 'same'));
const kernelGradient = tf.grad((kernel: Tensor) => tf.conv2d(x, kernel as Tensor4D, 1, 'same'));
const rates = {
  'conv 3x3 64->64 forward': await rate(() => tf.conv2d(x, kernel, 1, 'same'), 2 * multiplications),
  'conv 3x3 forward + input gradient': await rate(() => inputGradient(x, y), 4 * multiplications),
  'conv 3x3 forward + kernel gradient': await rate(() => kernelGradient(kernel, y), 4 * multiplications),
  'matmul 1024^3': await rate(() => a.matMul(b), 2 * 1024 ** 3),
  'add of two 12.8 MB tensors': await rate(() => long.add(long), long.size),
};
for (const [kernel, value] of Object.entries(rates)) process.stdout.write(`${JSON.stringify({ kernel, value })}\n`);
