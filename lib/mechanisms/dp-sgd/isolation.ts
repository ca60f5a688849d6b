import { OptionError } from '../../core/errors.js';
import { SeededStream } from '../../core/rng.js';
import { tf, type Tensor } from '../../tensor/index.js';
import type { ClippedGradient } from './clipped-gradient.js';

/** Share of the clip norm that rounding may change the sum by. */
const rounding = 1e-3;

/**
 * Refuses a loss in which one record takes part in the gradient of another, such as statistics over the batch, mixed
 * images or copies in the wrong order: adding a record would then change more than its own clipped gradient, and the noise
 * would be too small.
 *
 * It is tried on made-up records with made-up weights: the sum of all gradients but the first may not change when the first
 * record is exchanged.
 *
 * @param drawInputs inputs of a whole micro-batch, others at each call.
 * @throws OptionError when the sum changes.
 */
export async function checkIsolation(
  of: string,
  gradient: ClippedGradient,
  drawInputs: (purpose: string) => readonly Tensor[],
): Promise<void> {
  const { microBatch, parameters, clipNorm } = gradient.options;
  if (microBatch === 1) return;
  const stream = new SeededStream('isolation');
  const weights = Object.entries(parameters).map(([name, { shape, size }]) => {
    const values = new Float32Array(size);
    stream.fork(name).fillNormal(values, 0.1); // not the real ones: layers that start at zero would hide all others
    return tf.tensor(values, shape);
  });
  const [inputs, others] = [drawInputs('one'), drawInputs('another')];
  const exchanged = tf.tidy(() =>
    inputs.map((input, i) => tf.concat([tf.slice(others[i]!, [0], [1]), tf.slice(input, [1], [microBatch - 1])])),
  );
  const sums = await gradient.add(gradient.zeros(), inputs, { weights, left: 0 });
  const otherSums = await gradient.add(gradient.zeros(), exchanged, { weights, left: 0 });
  const change = tf.tidy(() => tf.addN(sums.map((sum, i) => sum.sub(otherSums[i]!).square().sum())).sqrt());
  const [distance] = await change.data();
  tf.dispose([weights, inputs, others, exchanged, sums, otherSums, change].flat());
  if (distance! <= rounding * clipNorm) return;
  throw new OptionError({
    asked: `DP-SGD of '${of}'`,
    wrong: 'one record changes the gradients of others, so the noise would be too small',
    got: `a change of ${distance! / clipNorm} clip norms`,
    expected: 'losses that depend on their own row of the inputs only',
    next: 'Take no statistics over the batch, and keep the copies of a record next to each other.',
  });
}
