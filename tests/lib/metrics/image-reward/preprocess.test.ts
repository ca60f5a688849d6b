import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { takeImages } from '../../../../lib/core/images.js';
import { resizeBicubic } from '../../../../lib/metrics/image-reward/bicubic.js';
import { centreSquare, preprocess } from '../../../../lib/metrics/image-reward/preprocess.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';
import { golden, picture } from '../../nn/blip/golden-model.js';

beforeAll(() => setupEngine());

/** float32 against torchvision's float32. */
const rounding = 4e-6;

describe.each(golden.preprocessed)('an image of $shape', ({ shape, pixels, sha256, row, normalised }) => {
  it('is resized and cut to the very bytes of Pillow', () => {
    const square = centreSquare(picture(shape), pixels);
    expect(square).toMatchObject({ count: 1, height: pixels, width: pixels, channels: shape[2] });
    // Grey becomes three channels in the golden values, here later.
    const bytes =
      shape[2] === 1
        ? Uint8Array.from({ length: pixels * pixels * 3 }, (_, i) => square.data[Math.floor(i / 3)]!)
        : square.data;
    const start = Math.floor(pixels / 3) * pixels * 3;
    expect([...bytes.subarray(start, start + row.length)]).toEqual(row);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
  });

  it('is normalised as by torchvision, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const tensor = preprocess(picture(shape), pixels);
    expect(tensor.shape).toEqual([1, pixels, pixels, 3]);
    const values = await tensor.data();
    tensor.dispose();
    expect(tf.memory().numTensors).toBe(before);
    const start = Math.floor(pixels / 2) * pixels * 3;
    for (const [i, value] of normalised.entries()) expect(Math.abs(values[start + i]! - value)).toBeLessThan(rounding);
  });
});

describe('resizeBicubic', () => {
  it('keeps one colour, and images apart', () => {
    const [height, width] = [5, 9];
    const data = Uint8Array.from({ length: 2 * 3 * 4 * 3 }, (_, i) => (i < 36 ? 7 : 250));
    const { data: large, ...shape } = resizeBicubic(
      { data, count: 2, height: 3, width: 4, channels: 3 },
      { height, width },
    );
    expect(shape).toEqual({ count: 2, height, width, channels: 3 });
    expect([...large]).toEqual(Array.from({ length: 2 * 5 * 9 * 3 }, (_, i) => (i < 135 ? 7 : 250)));
  });

  it('does several images as it does one', () => {
    const stack = picture([64, 16, 3]);
    const two = { ...stack, count: 2, height: 32 };
    const both = centreSquare(two, 20);
    expect(takeImages(both, [1])).toEqual(centreSquare(takeImages(two, [1]), 20));
  });
});
