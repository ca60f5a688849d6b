import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { clippedSum } from '../../lib/mechanisms/dp-sgd/clipped-sum.js';
import { replay, setupEngine, tf, type Tensor, type Tensor1D } from '../../lib/tensor/index.js';
import { benchNet } from '../bench/dp-sgd/net.js';

/** Clipped sums of the net that the bench times, against torch.func in double precision: see dp-sgd-net.py. */
const golden = JSON.parse(readFileSync(new URL('dp-sgd-net.json', import.meta.url), 'utf8')) as {
  batch: number;
  width: number;
  blocks: number;
  side: number;
  clipNorm: number;
  norms: number[];
  sums: Record<string, { norm: number; every: number; values: number[] }>;
};

/** float32 through 14 layers against double, relative to the largest value of a parameter's sum. */
const tolerance = 1e-4;

beforeAll(() => setupEngine());

function wave(shape: readonly number[], phase: number, scale = 1, shift = 0): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  const values = Float32Array.from({ length }, (_, i) => shift + scale * Math.fround(Math.sin(0.37 * i * i + phase)));
  return tf.tensor(values, [...shape]);
}

function weightsOf(shapes: readonly (readonly [string, readonly number[]])[]): Record<string, Tensor> {
  const tensor = ([name, shape]: (typeof shapes)[number], phase: number) => {
    if (name.endsWith('scale')) return wave(shape, phase, 0.25, 1);
    return wave(shape, phase, name.endsWith('kernel') ? 0.0625 : 0.25);
  };
  return Object.fromEntries(shapes.map((entry, phase) => [entry[0], tensor(entry, phase)]));
}

describe('the clipped sum of the bench net is that of torch.func', () => {
  const { layers, losses } = benchNet(golden);
  const shapes = layers.flatMap(({ parameters }) =>
    Object.entries(parameters).map(([name, { shape }]) => [name, shape] as const),
  );
  const names = shapes.map(([name]) => name);

  function compute(mask: Tensor, x: Tensor, y: Tensor, ...values: Tensor[]): Tensor[] {
    const weights = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
    const { clipNorm } = golden;
    const result = clippedSum({ losses, weights, trained: names, clipNorm, inputs: [x, y], mask: mask as Tensor1D });
    return [result.squaredNorms.sqrt(), ...result.sums];
  }

  const inputs = () => {
    const shape = [golden.batch, golden.side, golden.side, 1];
    const sizes = tf.range(1, golden.batch + 1).mul(0.25).reshape([golden.batch, 1, 1, 1]); // prettier-ignore
    const weights = Object.values(weightsOf(shapes));
    return [tf.ones([golden.batch]), wave(shape, 100).mul(sizes), wave(shape, 101).mul(sizes), ...weights];
  };

  it.each(['eager', 'replayed'])('%s', async (mode) => {
    expect(names).toEqual(Object.keys(golden.sums));
    const step = replay(compute);
    const given = inputs();
    const [norms, ...sums] = mode === 'eager' ? tf.tidy(() => compute(...(given as [Tensor, Tensor, Tensor]))) : step.run(given); // prettier-ignore
    const found = await norms!.data();
    golden.norms.forEach((norm, i) => expect(Math.abs(found[i]! / norm - 1)).toBeLessThan(tolerance));
    for (const [i, name] of names.entries()) {
      const { norm, every, values } = golden.sums[name]!;
      const got = await sums[i]!.data();
      expect(Math.abs(Math.hypot(...got) / norm - 1), name).toBeLessThan(tolerance);
      const largest = Math.max(...got.map(Math.abs));
      values.forEach((value, k) =>
        expect(Math.abs(got[k * every]! - value) / largest, `${name} ${k * every}`).toBeLessThan(tolerance),
      );
    }
    step.dispose();
    tf.dispose([...given, norms!, ...sums]);
  });

  it('of which some gradients are clipped and some are not', () => {
    expect(Math.min(...golden.norms)).toBeLessThan(golden.clipNorm);
    expect(Math.max(...golden.norms)).toBeGreaterThan(golden.clipNorm);
  });
});
