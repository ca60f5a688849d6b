import { describe, expect, it } from 'vitest';
import { byteLabels, floatImages, numpyImages, truncatedBytes } from '../../../lib/data/image-arrays.js';

describe('truncated bytes', () => {
  it('give every byte back that was divided by 255, in single and in double precision', () => {
    const all = Array.from({ length: 256 }, (_, k) => k);
    expect([
      ...truncatedBytes(
        'a',
        all.map((k) => k / 255),
      ),
    ]).toEqual(all);
    expect([
      ...truncatedBytes(
        'a',
        Float32Array.from(all, (k) => k / 255),
      ),
    ]).toEqual(all);
  });

  it('cut off, as numpy does: (np.float32(v) * 255).astype("uint8") of 0.5, 0.999, 0.0039', () => {
    expect([...truncatedBytes('a', [0.5, 0.999, 0.0039])]).toEqual([127, 254, 0]);
  });

  it('clip what is a little outside and refuse another range', () => {
    expect([...truncatedBytes('a', [-0.02, 1.03])]).toEqual([0, 255]);
    for (const wrong of [-1, 2, 255, NaN])
      expect(() => truncatedBytes('gen.npz', [0.5, wrong])).toThrow(
        `gen.npz: a pixel is outside [0, 1]; got ${wrong}, expected values from 0 (black) to 1 (white), or bytes. ` +
          'Bring the images into that range first.',
      );
  });
});

describe('images from arrays', () => {
  it('have their channels last', () => {
    // np.arange(12).reshape(1, 3, 2, 2).transpose(0, 2, 3, 1).ravel() -> 0 4 8 1 5 9 2 6 10 3 7 11
    const order = [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11];
    const data = Uint8Array.from({ length: 12 }, (_, i) => i);
    const found = numpyImages('a', { type: '|u1', shape: [1, 3, 2, 2], data });
    expect([...found.data]).toEqual(order);
    expect(found).toMatchObject({ count: 1, height: 2, width: 2, channels: 3 });
    const floats = Float32Array.from(data, (value) => value / 255);
    expect([...numpyImages('a', { type: '<f4', shape: [1, 3, 2, 2], data: floats }).data]).toEqual(order);
    const last = numpyImages('a', { type: '|u1', shape: [1, 2, 2, 3], data });
    expect([...last.data]).toEqual([...data]);
    expect(numpyImages('a', { type: '|u1', shape: [3, 2, 2], data })).toMatchObject({ count: 3, channels: 1 });
  });

  it('take whole numbers of any type as labels', () => {
    const x = { type: '|u1', shape: [2, 1, 1], data: Uint8Array.of(1, 2) } as const;
    const found = numpyImages('a', x, { type: '<i8', shape: [2], data: BigInt64Array.of(7n, 0n) });
    expect(found).toMatchObject({ labels: Uint8Array.of(7, 0) });
    expect(() => byteLabels('a', [1], 2)).toThrow('a: not one label an image; got 1, expected 2 labels.');
    expect(() => byteLabels('a', [0.5], 1)).toThrow(
      'a: a label is no class; got 0.5, expected a whole number from 0 to 255.',
    );
  });

  it('refuse what holds no images', () => {
    expect(() => numpyImages('a', { type: '|u1', shape: [2, 2], data: new Uint8Array(4) })).toThrow(
      "a: the array x holds no images; got '[2, 2]', expected [count, channels, height, width] or [count, height, width, channels] with 1 or 3 channels.",
    );
    expect(() => numpyImages('a', { type: '|u1', shape: [5, 1, 0, 28], data: new Uint8Array(0) })).toThrow(
      'a: the array x holds no images',
    );
    expect(() => numpyImages('a', { type: '<i8', shape: [1, 1, 1], data: BigInt64Array.of(1n) })).toThrow(
      "a: the array x is of another type; got '<i8', expected floats or bytes.",
    );
    expect(() => floatImages('a', { data: [0, 1], shape: [1, 3] })).toThrow(
      "a: the values do not fill the shape; got '2 values for [1, 3]', expected [count, height, width, channels].",
    );
    expect(floatImages('a', { data: [0, 1], shape: [1, 1, 2] })).toMatchObject({ channels: 1, width: 2 });
  });
});
