import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { ClippedGradient } from '../../../../lib/mechanisms/dp-sgd/clipped-gradient.js';
import { checkIsolation } from '../../../../lib/mechanisms/dp-sgd/isolation.js';
import { dense } from '../../../../lib/nn/layers/dense.js';
import { constant, disposeAll } from '../../../../lib/nn/parameters.js';
import type { ExampleLosses } from '../../../../lib/nn/tape.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const layer = dense({ name: 'layer', inputs: 6, outputs: 3 });

const ordinary: ExampleLosses = (tape, x) => tape.use(layer, x!).square().mean(1);

/** The check of a loss of six numbers a record; the tensors that it leaves behind must be none. */
async function check(losses: ExampleLosses, { microBatch = 8, clipNorm = 1, precision = 'float32' as const } = {}) {
  const before = tf.memory().numTensors;
  const parameters = { 'layer.kernel': constant([6, 3], 0), 'layer.bias': constant([3], 0) };
  const gradient = new ClippedGradient({ losses, parameters, clipNorm, microBatch, precision });
  const draw = (purpose: string) => {
    const values = new Float32Array(microBatch * 6);
    new SeededStream(1).fork(purpose).fillNormal(values);
    return [tf.tensor2d(values, [microBatch, 6])];
  };
  try {
    await checkIsolation('network', gradient, draw);
  } finally {
    gradient.dispose();
    disposeAll(parameters);
    expect(tf.memory().numTensors).toBe(before);
  }
}

const refusal =
  /^DP-SGD of 'network': one record changes the gradients of others, so the noise would be too small; got 'a change of their sum by [\d.]+ %', expected losses that depend on their own row of the inputs only\. Take no statistics over the batch, and keep the copies of a record next to each other\.$/;

const mixing: Record<string, ExampleLosses> = {
  'statistics over the batch': (tape, x) => {
    const { mean, variance } = tf.moments(x!, 0);
    return tape.use(layer, x!.sub(mean).div(variance.add(1e-3).sqrt())).square().mean(1); // prettier-ignore
  },
  'statistics of the outputs': (tape, x) => {
    const y = tape.use(layer, x!);
    return y.sub(y.mean(0, true)).square().mean(1);
  },
  mixup: (tape, x) => {
    const other = tf.concat([x!.slice([1]), x!.slice([0], [1])]);
    return tape.use(layer, x!.mul(0.8).add(other.mul(0.2))).square().mean(1); // prettier-ignore
  },
  'a loss against the next record': (tape, x) => {
    const y = tape.use(layer, x!);
    return y.mul(tf.reverse(y, 0)).sum(1);
  },
  'a factor that all records share': (tape, x) => ordinary(tape, x!).mul(x!.mean().square()),
  'copies laid out [copies, records]': (tape, x) => {
    const copies = tf.concat([x!, x!.mul(-0.5).add(1)]);
    return tape.use(layer, copies).square().mean(1).reshape([2, -1]).mean(0);
  },
};

describe('checkIsolation', () => {
  it.each([
    ['a loss of each record', ordinary],
    [
      'copies next to each other',
      (tape, x) => {
        const copies = tf.stack([x!, x!.mul(-0.5).add(1)], 1).reshape([-1, 6]);
        return tape.use(layer, copies).square().mean(1).reshape([-1, 2]).mean(1);
      },
    ],
  ] satisfies [string, ExampleLosses][])('lets %s pass', async (_, losses) => {
    for (const microBatch of [1, 2, 3, 8, 64]) await check(losses, { microBatch });
    for (const clipNorm of [1e-3, 1e6]) await check(losses, { clipNorm });
    await check(losses, { precision: 'bfloat16' as never });
  });

  it.each(Object.entries(mixing))('refuses %s', async (_, losses) => {
    for (const microBatch of [2, 3, 8, 64]) await expect(check(losses, { microBatch })).rejects.toThrow(refusal);
    // Clipping neither hides it, nor does a change that is small beside the clip norm here, before the weights have grown.
    for (const clipNorm of [1e-3, 1e6]) await expect(check(losses, { clipNorm })).rejects.toThrow(refusal);
  });

  it('refuses losses that show nothing', async () => {
    const words =
      "DP-SGD of 'network': no made-up record has a gradient, so it cannot be seen whether records are kept apart; " +
      'expected losses with gradients that are finite and not all zero.';
    for (const factor of [0, NaN])
      await expect(check((tape, x) => ordinary(tape, x!).mul(factor))).rejects.toThrow(words);
  });

  it('leaves no tensors behind when the losses throw', async () => {
    const broken: ExampleLosses = () => {
      throw new Error('broken losses');
    };
    await expect(check(broken)).rejects.toThrow('broken losses');
    await expect(check((tape, x) => ordinary(tape, x!).mean())).rejects.toThrow('not one number for each example');
  });
});
