import { beforeAll, describe, expect, it } from 'vitest';
import { SeededStream } from '../../../lib/core/rng.js';
import { orthogonal } from '../../../lib/nn/orthogonal.js';
import { setupEngine, tf } from '../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

/** float32. */
const tolerance = 1e-5;

describe('orthogonal weights', () => {
  it.each([
    ['tall', [3, 3, 5, 7], 45, 7],
    ['wide', [4, 9], 4, 9],
    ['square', [6, 6], 6, 6],
    ['of one output', [12, 1], 12, 1],
  ])('%s have orthonormal columns or rows', async (_title, shape, rows, columns) => {
    const before = tf.memory().numTensors;
    const weight = orthogonal(shape, new SeededStream(1));
    expect(weight.shape).toEqual(shape);
    const values = await weight.data();
    const [short, long] = [Math.min(rows, columns), Math.max(rows, columns)];
    const at = (a: number, i: number) => values[rows < columns ? a * columns + i : i * columns + a]!;
    for (let a = 0; a < short; a++)
      for (let b = 0; b < short; b++) {
        const product = Array.from({ length: long }, (_, i) => at(a, i) * at(b, i)).reduce((sum, value) => sum + value);
        expect(Math.abs(product - Number(a === b))).toBeLessThan(tolerance);
      }
    weight.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('are uniform: no direction and no sign is favoured', async () => {
    const corners: number[] = [];
    const traces: number[] = [];
    for (let seed = 0; seed < 400; seed++) {
      const weight = orthogonal([2, 2], new SeededStream(seed));
      const values = await weight.data();
      corners.push(values[0]!);
      traces.push(values[0]! + values[3]!);
      weight.dispose();
    }
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    // A corner is the cosine of a uniform angle: variance 1 / 2; the trace has variance 1 (Diaconis and Shahshahani 1994). Five deviations.
    expect(Math.abs(mean(corners))).toBeLessThan(5 * Math.sqrt(0.5 / 400));
    expect(Math.abs(mean(corners.map((value) => value ** 2)) - 0.5)).toBeLessThan(5 * Math.sqrt(0.125 / 400));
    expect(Math.abs(mean(traces))).toBeLessThan(5 / Math.sqrt(400));
  });

  it('are the same by the same seed', async () => {
    const [a, b, c] = [1, 1, 2].map((seed) => orthogonal([3, 4], new SeededStream(seed)));
    const [first, second, other] = await Promise.all([a!.data(), b!.data(), c!.data()]);
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
    tf.dispose([a!, b!, c!]);
  });
});
