import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../lib/core/rng.js';
import { drawParameters } from '../../../lib/nn/initial-parameters.js';
import { disposeAll } from '../../../lib/nn/parameters.js';
import { pytorchLayer } from '../../../lib/nn/pytorch-layer.js';
import { PowerIteration, spectralEstimate, spectrallyNormalised } from '../../../lib/nn/spectral-norm.js';
import { setupEngine, tf, type Tensor } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const start = (kernel: readonly number[]) => {
  const parameters = drawParameters(pytorchLayer('a', kernel), new SeededStream(1));
  const iteration = new PowerIteration(['a.kernel']);
  const state = iteration.start(parameters, new SeededStream(2));
  return { parameters, iteration, state };
};

describe('spectral normalisation', () => {
  it('finds the largest singular value by power iterations', async () => {
    const before = tf.memory().numTensors;
    const { parameters, iteration, state } = start([8, 8]);
    for (let i = 0; i < 200; i++) iteration.advance(parameters, state);
    const weights = { ...parameters, ...state };
    const estimate = tf.tidy(() => spectralEstimate(weights, 'a.kernel'));
    const expected = largestSingularValue([...(await parameters['a.kernel']!.data())], 8);
    expect((await estimate.data())[0]! / expected).toBeCloseTo(1, 5);
    const divided = tf.tidy(() => spectrallyNormalised(weights, 'a.kernel'));
    expect(largestSingularValue([...(await divided.data())], 8)).toBeCloseTo(1, 5);
    tf.dispose([estimate, divided]);
    disposeAll(parameters);
    disposeAll(state);
    iteration.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes one iteration at a time, of vectors of length 1, over all axes but the last', async () => {
    const { parameters, iteration, state } = start([3, 3, 2, 5]);
    expect(state['a.kernel.left']!.shape).toEqual([18]);
    expect(state['a.kernel.right']!.shape).toEqual([5]);
    const matrix = await parameters['a.kernel']!.data();
    const right = Array.from(await state['a.kernel.right']!.data());
    const times = Array.from({ length: 18 }, (_, i) => right.reduce((sum, v, o) => sum + v * matrix[i * 5 + o]!, 0)); // prettier-ignore
    iteration.advance(parameters, state);
    const left = Array.from(await state['a.kernel.left']!.data());
    expect(Math.hypot(...left)).toBeCloseTo(1, 5);
    expect(Math.hypot(...Array.from(await state['a.kernel.right']!.data()))).toBeCloseTo(1, 5);
    left.forEach((value, i) => expect(value).toBeCloseTo(times[i]! / Math.hypot(...times), 5));
    disposeAll(parameters);
    disposeAll(state);
    iteration.dispose();
  });

  it('counts its vectors as constants in the gradient', async () => {
    const { parameters, iteration, state } = start([4, 3]);
    const name = 'a.kernel';
    const slopes = tf.tidy(() => tf.range(0, 12).sub(5).reshape([4, 3]));
    const loss = (weight: Tensor) =>
      spectrallyNormalised({ ...state, [name]: weight }, name)
        .mul(slopes)
        .sum();
    const got = tf.tidy(() => tf.grad(loss)(parameters[name]!));
    // d (W / s) with s = uᵀ W v: G / s - <G, W> / s² u vᵀ.
    const expected = tf.tidy(() => {
      const sigma = spectralEstimate({ ...parameters, ...state }, name);
      const outer = state[`${name}.left`]!.reshape([4, 1]).mul(state[`${name}.right`]!.reshape([1, 3]));
      return slopes.div(sigma).sub(outer.mul(slopes.mul(parameters[name]!).sum()).div(sigma.square()));
    });
    const [found, wanted] = [Array.from(await got.data()), await expected.data()];
    found.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 4));
    tf.dispose([slopes, got, expected]);
    disposeAll(parameters);
    disposeAll(state);
    iteration.dispose();
  });
});

describe("a layer as PyTorch's", () => {
  it('is uniform in ±1 / sqrt(fan in), kernel and bias alike', async () => {
    const plans = pytorchLayer('a', [5, 5, 4, 2000]);
    expect(plans['a.bias']!.shape).toEqual([2000]);
    const parameters = drawParameters(plans, new SeededStream(1));
    for (const variable of Object.values(parameters)) {
      const values = [...(await variable.data())];
      // Hit within 1 % by 2000 draws and more, but for one time in 10^9.
      expect(Math.max(...values.map(Math.abs).slice(0, 50_000))).toBeLessThanOrEqual(0.1 * (1 + 1e-6));
      expect(Math.max(...values.map(Math.abs).slice(0, 50_000))).toBeGreaterThan(0.099);
    }
    disposeAll(parameters);
  });
});

/** Of a square matrix, row by row, in doubles: the growth of x by Wᵀ W in the end is its square. */
function largestSingularValue(matrix: readonly number[], size: number): number {
  const times = (x: readonly number[], transposed: boolean) =>
    x.map((_, i) => x.reduce((sum, value, j) => sum + value * matrix[transposed ? j * size + i : i * size + j]!, 0));
  let x = Array.from({ length: size }, (_, i) => Math.cos(i));
  let length = 0;
  for (let k = 0; k < 2000; k++) {
    const next = times(times(x, false), true);
    length = Math.hypot(...next);
    x = next.map((value) => value / length);
  }
  return Math.sqrt(length);
}
