import { beforeAll, describe, expect, it } from 'vitest';
import { Replay } from '../../../../lib/tensor/replay/replay.js';
import { inFullPrecision, setupEngine, tf, type Tensor, type Tensor4D } from '../../../../lib/tensor/index.js';

beforeAll(() => setupEngine());

const draw = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);

/** A value rounded to bfloat16: the upper half of its float32, to the nearest even. */
function rounded(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0]!;
  const lower = bits + 0x7fff + ((bits >>> 16) & 1);
  return new Float32Array(Uint32Array.of(lower & 0xffff0000).buffer)[0]!;
}

type Pairs = [Values, Values];
type Values = readonly [Float32Array, Float32Array];

async function both(compute: (...inputs: Tensor[]) => Tensor[], inputs: Tensor[]) {
  const replay = new Replay(tf, compute, { precision: 'bfloat16' });
  const [low, full] = [replay.run(inputs), compute(...inputs)];
  replay.dispose();
  expect(low.map(({ dtype, shape }) => [dtype, shape])).toEqual(full.map(({ dtype, shape }) => [dtype, shape]));
  return Promise.all(low.map(async (tensor, i) => [await tensor.data(), await full[i]!.data()] as const));
}

describe('bfloat16', () => {
  it('rounds the inputs of a product to 8 bits, and nothing else', async () => {
    const [a, b] = [draw([5, 16], 1), draw([16, 7], 2)];
    const [first, second] = await both((x, y) => [x.matMul(y as never), x.sum()], [a, b]);
    const [[product], [sum, exact]] = [first!, second!];
    const [left, right] = [await a.data(), await b.data()];
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 7; j++) {
        let expected = 0;
        for (let k = 0; k < 16; k++) expected += rounded(left[i * 16 + k]!) * rounded(right[k * 7 + j]!);
        // The result is rounded once more: 2^-8 of its size; the terms are of size 4 or so.
        expect(Math.abs(product[i * 7 + j]! - expected)).toBeLessThan(2 ** -8 * Math.max(1, Math.abs(expected)));
      }
    expect(Math.abs(sum[0]! - exact[0]!)).toBeLessThan(1e-5);
  });

  it('keeps gradients of convolutions close, through pads, slices and transposes', async () => {
    const loss = (x: Tensor, w: Tensor) => {
      const y = tf.conv2d(tf.pad(x as Tensor4D, [[0, 0], [1, 1], [1, 1], [0, 0]]), w as Tensor4D, 1, 'valid').relu(); // prettier-ignore
      const z = tf.conv2d(y as Tensor4D, w as Tensor4D, 2, 'same');
      const [upper, lower] = tf.split(y, 2, 1) as [Tensor4D, Tensor4D];
      const halves = tf
        .conv2d(upper, w as Tensor4D, 1, 'same')
        .add(tf.conv2d(lower, w as Tensor4D, 1, 'same'))
        .mean();
      const rows = z.slice([0, 0, 0, 0], [2, 2, 2, 16]).reshape([8, 16]);
      return rows
        .matMul(rows.transpose() as never)
        .square()
        .mean()
        .add(halves)
        .asScalar();
    };
    const gradients = (x: Tensor, w: Tensor) => tf.grads(loss as never)([x, w]);
    const results = await both(gradients, [draw([2, 6, 6, 16], 3), draw([3, 3, 16, 16], 4).mul(0.1)]);
    for (const [low, full] of results) {
      const scale = Math.max(...full.map(Math.abs));
      const apart = Math.max(...full.map((value, i) => Math.abs(value - low[i]!)));
      expect(apart).toBeGreaterThan(0); // it was rounded
      expect(apart / scale).toBeLessThan(0.03);
    }
  });

  it('leaves narrow convolutions and whole numbers alone', async () => {
    const compute = (x: Tensor, w: Tensor) => [
      tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'same'),
      x
        .cast('int32')
        .reshape([36, 2])
        .matMul(tf.ones([2, 3], 'int32')),
    ];
    for (const [low, full] of await both(compute, [draw([1, 6, 6, 2], 5), draw([3, 3, 2, 4], 6)]))
      full.forEach((value, i) => expect(Math.abs(low[i]! - value)).toBeLessThan(1e-5));
  });

  it('leaves products within inFullPrecision alone, also of products that are rounded', async () => {
    const compute = (x: Tensor, w: Tensor) => {
      const product = x.matMul(w as never);
      return [inFullPrecision(() => tf.matMul(product as never, product as never, true)), product];
    };
    const [[square], [product, exact]] = (await both(compute, [draw([32, 16], 7), draw([16, 8], 8)])) as Pairs;
    expect(product).not.toEqual(exact); // it was rounded
    const expected = tf.tidy(() => tf.matMul(tf.tensor2d(product, [32, 8]), tf.tensor2d(product, [32, 8]), true));
    (await expected.data()).forEach((value, i) => expect(Math.abs(square[i]! - value)).toBeLessThan(1e-4)); // of some 500
    expect(() => inFullPrecision(() => tf.matMul(tf.ones([2, 2]), tf.ones([3, 3])))).toThrow();
    const [[low, full]] = (await both(
      (x, w) => [x.matMul(w as never)],
      [draw([32, 16], 7), draw([16, 8], 8)],
    )) as Pairs;
    expect(low).not.toEqual(full); // nothing is left of the request, not after an error either
  });
});
