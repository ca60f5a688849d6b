import { describe, expect, it } from 'vitest';
import { SeededStream } from '../../../../lib/core/rng.js';
import { latentsPerDrawing, paintDrawing } from '../../../../lib/methods/private-evolution/stroke-drawing.js';
import { strokes } from '../../../../lib/methods/private-evolution/strokes.js';

const shape = { height: 28, width: 28, channels: 1 };
const open = () => strokes.open({ shape } as Parameters<typeof strokes.open>[0]);

describe('paintDrawing', () => {
  it('paints the dot that a curve of zeros is, in the middle', () => {
    const bytes = paintDrawing(new Float32Array(latentsPerDrawing), shape);
    // By hand: the dot lies at (13.5, 13.5), 0.7071 from four pixels and 1.5811 from eight; white up to 0.6, black from 1.6.
    const shades = new Map<number, number>();
    for (const byte of bytes) shades.set(byte, (shades.get(byte) ?? 0) + 1);
    expect(shades.get(Math.floor(255 * (1.6 - Math.SQRT1_2)))).toBe(4);
    expect(shades.get(Math.floor(255 * (1.6 - Math.sqrt(2.5))))).toBe(8);
    expect(shades.get(0)).toBe(784 - 12);
  });

  it('paints the straight line of a single cosine, from end to end', () => {
    const latents = new Float32Array(latentsPerDrawing);
    latents[1] = 1; // x = 13.5 + 7 cos(pi t): from 20.5 to 6.5
    const bytes = paintDrawing(latents, shape);
    const row = bytes.subarray(13 * 28, 14 * 28);
    const white = [...row.keys()].filter((column) => row[column]! > 200);
    expect([white[0], white.at(-1)]).toEqual([6, 21]);
    expect(white).toHaveLength(16);
    expect(bytes.filter((byte, i) => byte > 0 && Math.abs(Math.floor(i / 28) - 13.5) > 2)).toHaveLength(0);
  });

  it('adds a second stroke when its number says so, and widens with the pen', () => {
    const ink = (change: (latents: Float32Array) => void) => {
      const latents = new Float32Array(latentsPerDrawing);
      latents[1] = 1;
      change(latents);
      return paintDrawing(latents, shape).reduce((sum, byte) => sum + byte, 0);
    };
    const plain = ink(() => {});
    const second = latentsPerDrawing - 2;
    expect(ink((latents) => latents.fill(2, second - 6, second))).toBe(plain); // there is a stroke, not shown
    expect(ink((latents) => latents.fill(2, second - 6, second + 1))).toBeGreaterThan(plain * 1.2);
    expect(ink((latents) => (latents[second + 1] = 2))).toBeGreaterThan(plain * 1.3);
  });
});

describe('strokes', () => {
  it('vary by the degree: standard normal numbers stay so, and are kept by the root of 1 - degree²', async () => {
    const generator = await open();
    const first = await generator.random(2000, new SeededStream(1));
    const { length } = first.memory;
    const correlation = (a: Float32Array, b: Float32Array) =>
      a.reduce((sum, value, i) => sum + value * b[i]!, 0) / length;
    for (const degree of [0.1, 0.6, 1]) {
      const { memory } = await generator.vary(first, degree, new SeededStream(2));
      // 46,000 numbers: a mean of squares is known to sqrt(2 / 46000) = 0.0066, a product to 0.0047.
      expect(Math.abs(correlation(memory, memory) - 1)).toBeLessThan(4 * 0.0066);
      expect(Math.abs(correlation(memory, first.memory) - Math.sqrt(1 - degree ** 2))).toBeLessThan(4 * 0.0066);
    }
    const same = await generator.vary(first, 0, new SeededStream(2));
    expect(Buffer.compare(same.images.data, first.images.data)).toBe(0);
  });

  it('are drawings of one channel', () => {
    expect(strokes.accepts!(shape)).toBe(true);
    expect(strokes.accepts!({ ...shape, channels: 3 })).toBe(false);
  });
});
