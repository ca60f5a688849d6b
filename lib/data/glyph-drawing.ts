import type { SeededStream } from '../core/rng.js';
import { capitalHeight, type Stroke } from './glyph-strokes.js';

interface Size {
  readonly height: number;
  readonly width: number;
}

/** Longest piece of a line that stays straight, in units of the font. */
const piece = 2;

/**
 * A character as if somebody had written it, white on black: bytes `[height, width]`. Its slant, turn, width, size, place and thickness are
 * drawn by chance, and its lines sway a little. A capital is about 20 of 28 pixels high with its lines, as a digit of MNIST is.
 */
export function drawGlyph(strokes: readonly Stroke[], { height, width }: Size, stream: SeededStream): Uint8Array {
  const between = (low: number, high: number) => low + (high - low) * stream.uniform();
  const side = Math.min(height, width);
  const sway = [0, 1].map(() => ({
    amount: between(0, 0.7),
    rate: between(0.1, 0.35),
    phase: between(0, 2 * Math.PI),
  }));
  const swaying = (axis: 0 | 1, along: number) => {
    const { amount, rate, phase } = sway[axis]!;
    return amount * Math.sin(rate * along + phase);
  };
  const [slant, angle, aspect] = [between(-0.15, 0.45), between(-0.12, 0.12), between(0.75, 1.15)];
  const tallest = Math.max(capitalHeight, ...strokes.flat().map(([, y]) => 2 * Math.abs(y)));
  const scale = (side * between(0.56, 0.68)) / tallest;
  const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const [x0, y0] = [(width - 1) / 2 + between(-0.04, 0.04) * side, (height - 1) / 2 + between(-0.04, 0.04) * side];
  const [radius, edge] = [(between(0.7, 1.6) * side) / 28, side / 28];
  const placed = ([x, y]: readonly [number, number]): readonly [number, number] => {
    const [u, v] = [aspect * (x + swaying(0, y)) - slant * y, y + swaying(1, x)];
    return [x0 + cos * u - sin * v, y0 + sin * u + cos * v];
  };
  const bytes = new Uint8Array(height * width);
  for (const stroke of strokes) {
    const points = inPieces(stroke).map(placed);
    for (let i = 1; i < points.length; i++)
      drawLine(bytes, points[i - 1]!, points[i]!, { radius, edge }, { height, width });
  }
  return bytes;
}

/** The same line with points no further apart than a piece. */
function inPieces(stroke: Stroke): (readonly [number, number])[] {
  return stroke.flatMap((point, i): (readonly [number, number])[] => {
    if (i === 0) return [point];
    const [[fromX, fromY], [toX, toY]] = [stroke[i - 1]!, point];
    const pieces = Math.ceil(Math.hypot(toX - fromX, toY - fromY) / piece);
    return Array.from({ length: pieces }, (_, k) => {
      const part = (k + 1) / pieces;
      return [fromX + part * (toX - fromX), fromY + part * (toY - fromY)] as const;
    });
  });
}

/** A straight line with round ends, where it is lighter than what is there; white falls to black over `edge` pixels. */
function drawLine(
  bytes: Uint8Array,
  [fromX, fromY]: readonly [number, number],
  [toX, toY]: readonly [number, number],
  { radius, edge }: { readonly radius: number; readonly edge: number },
  { height, width }: Size,
): void {
  const reach = radius + edge / 2;
  const [right, down] = [toX - fromX, toY - fromY];
  const squared = right ** 2 + down ** 2;
  const [top, bottom] = [Math.max(0, Math.ceil(Math.min(fromY, toY) - reach)), Math.max(fromY, toY) + reach];
  const [left, end] = [Math.max(0, Math.ceil(Math.min(fromX, toX) - reach)), Math.max(fromX, toX) + reach];
  for (let y = top; y <= bottom && y < height; y++)
    for (let x = left; x <= end && x < width; x++) {
      const along = squared === 0 ? 0 : ((x - fromX) * right + (y - fromY) * down) / squared;
      const part = Math.min(1, Math.max(0, along));
      const [dx, dy] = [x - fromX - part * right, y - fromY - part * down];
      const byte = 255 * Math.min(1, Math.max(0, (reach - Math.sqrt(dx * dx + dy * dy)) / edge));
      if (byte > bytes[y * width + x]!) bytes[y * width + x] = byte;
    }
}
