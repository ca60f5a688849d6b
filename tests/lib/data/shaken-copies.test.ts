import { describe, expect, it } from 'vitest';
import { shakenCopies } from '../../../lib/data/shaken-copies.js';

const shape = { height: 9, width: 9, channels: 1 };
/** A dot in the middle of a black image. */
const dot = {
  data: Uint8Array.from({ length: 81 }, (_, i) => (i === 40 ? 200 : 0)),
  labels: Uint8Array.of(3),
  count: 1,
  ...shape,
};

describe('shakenCopies', () => {
  it('gives the image itself first, then the same moved a little, with its class', () => {
    const copies = shakenCopies([dot], 5);
    expect(copies.count).toBe(5);
    expect([...copies.labels]).toEqual([3, 3, 3, 3, 3]);
    expect(copies.data.subarray(0, 81)).toEqual(dot.data);
    for (let copy = 1; copy < 5; copy++) {
      const image = copies.data.subarray(copy * 81, (copy + 1) * 81);
      expect(image).not.toEqual(dot.data);
      const total = image.reduce((sum, value) => sum + value, 0);
      // Interpolation divides the dot among neighbours and loses at most half a level in each of four.
      expect(Math.abs(total - 200)).toBeLessThanOrEqual(25);
      image.forEach((value, i) => {
        const far = Math.max(Math.abs(Math.floor(i / 9) - 4), Math.abs((i % 9) - 4));
        if (far > 2) expect(value).toBe(0); // the move is at most 0.08 of the side
      });
    }
  });

  it('is the same each time', () => {
    expect(shakenCopies([dot, dot], 3)).toEqual(shakenCopies([dot, dot], 3));
  });
});
