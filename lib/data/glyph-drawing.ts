import type { SeededStream } from '../core/rng.js';
import { capitalHeight, type Stroke } from './glyph-strokes.js';

interface Size {
  readonly height: number;
  readonly width: number;
}

type Point = readonly [x: number, y: number];

/** Longest piece of a line that stays straight, in units of the font. */
const piece = 2;

/**
 * A character as if somebody had written it, white on black: bytes `[height, width]`. Its slant, turn, width, size, place and thickness are
 * drawn by chance, its lines sway and its corners are rounded more or less. A capital is about 20 of 28 pixels high with its
 * lines, as a digit of MNIST is.
 */
export function drawGlyph(strokes: readonly Stroke[], { height, width }: Size, stream: SeededStream): Uint8Array {
  const between = (low: number, high: number) => low + (high - low) * stream.uniform();
  const side = Math.min(height, width);
  const sway = [0, 1].map(() =>
    [0.15, 0.35].map((rate) => ({ rate, amount: between(0, 0.2 / rate), phase: between(0, 2 * Math.PI) })),
  );
  const swaying = (axis: 0 | 1, along: number) =>
    sway[axis]!.reduce((sum, { amount, rate, phase }) => sum + amount * Math.sin(rate * along + phase), 0);
  const [slant, angle, aspect] = [between(-0.2, 0.55), between(-0.15, 0.15), between(0.6, 1.15)];
  const tallest = Math.max(capitalHeight, ...strokes.flat().map(([, y]) => 2 * Math.abs(y)));
  const scale = (side * between(0.54, 0.66)) / tallest;
  const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const [radius, edge] = [(between(0.7, 1.9) * side) / 28, side / 28];
  const rounds = stream.integer(6);
  const [right, down] = [between(-0.04, 0.04) * side, between(-0.04, 0.04) * side];
  const written = ([x, y]: Point): Point => {
    const [u, v] = [aspect * (x + swaying(0, y)) - slant * y, y + swaying(1, x)];
    return [cos * u - sin * v, sin * u + cos * v];
  };
  const bytes = new Uint8Array(height * width);
  const lines = strokes.map((stroke) => rounded(inPieces(stroke), rounds).map(written));
  const [x0, y0] = [
    offset(
      lines.flatMap((points) => points.map(([x]) => x)),
      { length: width, reach: radius + edge / 2, moved: right },
    ),
    offset(
      lines.flatMap((points) => points.map(([, y]) => y)),
      { length: height, reach: radius + edge / 2, moved: down },
    ),
  ];
  for (const line of lines) {
    const points = line.map(([x, y]): Point => [x0 + x, y0 + y]);
    for (let i = 1; i < points.length; i++)
      drawLine(bytes, points[i - 1]!, points[i]!, { radius, edge }, { height, width });
  }
  return bytes;
}

/** What brings coordinates to the middle of so many pixels, and beside it as far as there is room for the pen. */
function offset(
  coordinates: readonly number[],
  { length, reach, moved }: { readonly length: number; readonly reach: number; readonly moved: number },
): number {
  const [low, high] = [Math.min(...coordinates), Math.max(...coordinates)];
  const room = Math.max(0, (length - 1 - (high - low)) / 2 - reach);
  return (length - 1 - low - high) / 2 + Math.min(room, Math.max(-room, moved));
}

/** Points between their neighbours, so many times over; the ends stay. */
function rounded(points: readonly Point[], rounds: number): readonly Point[] {
  if (rounds === 0) return points;
  const between = points.map((point, i): Point => {
    const [before, after] = [points[i - 1], points[i + 1]];
    if (!before || !after) return point;
    return [(before[0] + 2 * point[0] + after[0]) / 4, (before[1] + 2 * point[1] + after[1]) / 4];
  });
  return rounded(between, rounds - 1);
}

/** The same line with points no further apart than a piece. */
function inPieces(stroke: Stroke): Point[] {
  return stroke.flatMap((point, i): Point[] => {
    if (i === 0) return [point];
    const [[fromX, fromY], [toX, toY]] = [stroke[i - 1]!, point];
    const pieces = Math.ceil(Math.hypot(toX - fromX, toY - fromY) / piece);
    return Array.from({ length: pieces }, (_, k): Point => {
      const part = (k + 1) / pieces;
      return [fromX + part * (toX - fromX), fromY + part * (toY - fromY)];
    });
  });
}

/** A straight line with round ends, where it is lighter than what is there; white falls to black over `edge` pixels. */
function drawLine(
  bytes: Uint8Array,
  [fromX, fromY]: Point,
  [toX, toY]: Point,
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
