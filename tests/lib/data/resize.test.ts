import { describe, expect, it } from 'vitest';
import { bilinear, box, resize, nearestPixel } from '../../../lib/data/resize.js';
import { inShape } from '../../../lib/data/shape-of-images.js';

const stack = (data: number[], height: number, width: number, channels = 1) => ({
  data: Uint8Array.from(data),
  count: data.length / (height * width * channels),
  height,
  width,
  channels,
});

/** A plane a + b x + c y with x, y at pixel centres: bilinear interpolation gives it back inside the outermost centres. */
const plane = (x: number, y: number) => 10 + 3 * x + 5 * y;
const drawn = (height: number, width: number, scaleY = 1, scaleX = 1) =>
  Array.from({ length: height * width }, (_, i) =>
    plane(((i % width) + 0.5) * scaleX, (Math.floor(i / width) + 0.5) * scaleY),
  );

describe('resize', () => {
  it('gives a plane back, at the places between the outermost centres', () => {
    const source = stack(
      drawn(8, 8).map((value) => value - 4), // whole numbers: 10 + 3/2 + 5/2 - 4 = 10
      8,
      8,
    );
    for (const [height, width] of [
      [16, 12],
      [5, 7],
    ] as const) {
      const result = resize(source, height, width, bilinear);
      const expected = drawn(height, width, 8 / height, 8 / width).map((value) => value - 4);
      for (let y = 1; y < height - 1; y++)
        for (let x = 1; x < width - 1; x++)
          expect(Math.abs(result.data[y * width + x]! - expected[y * width + x]!)).toBeLessThanOrEqual(0.5); // a byte
    }
  });

  it('weighs the two nearest centres of a line, and repeats the edge', () => {
    // Eight of four lie at -1/4 (the edge), 1/4, 3/4, 5/4, …: 0, 0.25 * 100, 0.75 * 100, 0.75 * 100 + 0.25 * 200, …
    const line = stack([0, 100, 200, 40], 1, 4);
    expect([...resize(line, 1, 8, bilinear).data]).toEqual([0, 25, 75, 125, 175, 160, 80, 40]);
    expect([...resize(line, 1, 2, bilinear).data]).toEqual([50, 120]);
    expect([...resize(line, 1, 1, bilinear).data]).toEqual([150]);
    expect([...resize(stack([9], 1, 1), 2, 3, bilinear).data]).toEqual([9, 9, 9, 9, 9, 9]);
  });

  it('by box takes the mean of what is covered, and keeps the sum', () => {
    expect([...resize(stack([0, 100, 200, 40], 1, 4), 1, 2, box).data]).toEqual([50, 120]);
    // Three pixels to two: each covers one and a half.
    expect([...resize(stack([30, 90, 210], 1, 3), 1, 2, box).data]).toEqual([50, 170]);
    for (const [from, to] of [
      [105, 28],
      [28, 105],
      [7, 7],
    ] as const)
      for (const { weights, first } of box(from, to)) {
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
        expect(first + weights.length).toBeLessThanOrEqual(from);
      }
  });

  it('by the nearest pixel equals PyTorch, whose ratio is in single precision', () => {
    // torch.nn.functional.interpolate(torch.arange(62.).reshape(1, 1, 1, 62), size=(1, 28), mode='nearest'): 22 and 44, not 21 … 44
    const line = { data: Uint8Array.from({ length: 62 }, (_, i) => i), count: 1, height: 1, width: 62, channels: 1 };
    const places = [
      0, 2, 4, 6, 8, 11, 13, 15, 17, 19, 22, 24, 26, 28, 30, 33, 35, 37, 39, 42, 44, 46, 48, 50, 53, 55, 57, 59,
    ];
    expect([...resize(line, 1, 28, nearestPixel).data]).toEqual(places);
  });

  it('keeps images and channels apart', () => {
    const two = stack([1, 2, 3, 1, 2, 3, 7, 8, 9, 7, 8, 9], 1, 2, 3); // two images of two pixels of one colour each
    expect([...resize(two, 2, 1, bilinear).data]).toEqual([1, 2, 3, 1, 2, 3, 7, 8, 9, 7, 8, 9]);
  });
});

describe('inShape', () => {
  it('makes colours grey by luma and grey three channels, and keeps what fits', () => {
    const red = { ...stack([200, 0, 0, 10, 20, 30], 1, 2, 3), labels: Uint8Array.of(4) };
    const grey = inShape(red, { height: 1, width: 2, channels: 1 });
    expect([...grey.data]).toEqual([60, 18]); // 0.299 * 200 = 59.8; 2.99 + 11.74 + 3.42 = 18.15
    expect(grey.labels).toEqual(Uint8Array.of(4));
    const colours = inShape(grey, { height: 1, width: 2, channels: 3 });
    expect([...colours.data]).toEqual([60, 60, 60, 18, 18, 18]);
    expect(inShape(red, { height: 1, width: 2, channels: 3 })).toBe(red);
    expect(inShape(red, { height: 2, width: 4, channels: 1 })).toMatchObject({ height: 2, width: 4, channels: 1 });
  });
});
