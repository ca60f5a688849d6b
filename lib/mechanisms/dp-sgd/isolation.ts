import { OptionError } from '../../core/errors.js';
import { SeededStream } from '../../core/rng.js';
import { tf, type Tensor } from '../../tensor/index.js';
import type { ClippedGradient } from './clipped-gradient.js';

/** Share of the sum that rounding may change it by. */
const rounding = 1e-3;

/**
 * Refuses a loss in which one record takes part in the gradient of another, such as statistics over the batch, mixed
 * images or copies in the wrong order: adding a record would then change more than its own clipped gradient, and the noise
 * would be too small.
 *
 * It is tried on made-up records with made-up weights: the sum of all gradients but the first may not change when the first
 * record is exchanged. They are not clipped for it, which would hide what changes their lengths alone. It finds what mixes
 * records always, not what does so at some values only.
 *
 * @param drawInputs inputs of a whole micro-batch, others at each call.
 * @throws OptionError when the sum changes, or is zero, so that nothing could be seen.
 */
export async function checkIsolation(
  of: string,
  gradient: ClippedGradient,
  drawInputs: (purpose: string) => readonly Tensor[],
): Promise<void> {
  if (gradient.options.microBatch === 1) return;
  const { distance, size } = await changeByFirst(gradient, drawInputs);
  if (size > 0 && distance <= rounding * size) return;
  const asked = `DP-SGD of '${of}'`;
  if (!(size > 0))
    throw new OptionError({
      asked,
      wrong: 'no made-up record has a gradient, so it cannot be seen whether records are kept apart',
      expected: 'losses with gradients that are finite and not all zero',
    });
  throw new OptionError({
    asked,
    wrong: 'one record changes the gradients of others, so the noise would be too small',
    got: `a change of their sum by ${Number(((100 * distance) / size).toPrecision(2))} %`,
    expected: 'losses that depend on their own row of the inputs only',
    next: 'Take no statistics over the batch, and keep the copies of a record next to each other.',
  });
}

/** The norm of the sum of all gradients but the first, and of its change when the first record is exchanged. */
async function changeByFirst(
  gradient: ClippedGradient,
  drawInputs: (purpose: string) => readonly Tensor[],
): Promise<{ distance: number; size: number }> {
  const { microBatch } = gradient.options;
  const owned: Tensor[] = [];
  const own = (tensors: readonly Tensor[]) => {
    owned.push(...tensors);
    return tensors;
  };
  try {
    const weights = own(madeUpWeights(gradient));
    const [inputs, others] = [own(drawInputs('one')), own(drawInputs('another'))];
    const first = (input: Tensor, i: number) =>
      tf.concat([tf.slice(others[i]!, [0], [1]), tf.slice(input, [1], [microBatch - 1])]);
    const exchanged = own(tf.tidy(() => inputs.map(first)));
    const [sums, otherSums] = [gradient.zeros(), gradient.zeros()];
    await gradient.add(sums, inputs, { weights, left: 0 });
    await gradient.add(otherSums, exchanged, { weights, left: 0 });
    const norm = (values: Float64Array) => Math.sqrt(values.reduce((total, value) => total + value * value, 0));
    return { distance: norm(sums.map((sum, i) => sum - otherSums[i]!)), size: norm(sums) };
  } finally {
    tf.dispose(owned);
  }
}

/** Not the real ones: layers that start at zero would hide all others. */
function madeUpWeights({ options: { parameters } }: ClippedGradient): Tensor[] {
  const stream = new SeededStream('isolation');
  return Object.entries(parameters).map(([name, { shape, size }]) => {
    const values = new Float32Array(size);
    stream.fork(name).fillNormal(values, 0.1);
    return tf.tensor(values, shape);
  });
}
