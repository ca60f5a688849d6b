import { createRequire } from 'node:module';

/** A line through points, x to the right and y down, in units of the font: capitals are 21 high. */
export type Stroke = readonly (readonly [x: number, y: number])[];

interface HersheyFont {
  stringToPaths(text: string): { readonly paths: readonly (readonly (readonly [number, number])[])[] };
}

/** The digits and the letters of English, upper and lower case, but for the l, which this font draws as the I. */
export const glyphCharacters = [
  ...'0123456789',
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ...'abcdefghijkmnopqrstuvwxyz',
] as const;

/** Height of a capital. */
export const capitalHeight = 21;

/**
 * The strokes of a character, with the middle of what is drawn at 0, 0. They are those of the Roman Simplex font by A. V. Hershey of the
 * U. S. National Bureau of Standards, which anyone may use for any purpose, in the format of James Hurt, Cognition Inc.; they come
 * with the npm package `hershey` (MIT).
 */
export function glyphStrokes(character: string): Stroke[] {
  const font = createRequire(import.meta.url)('hershey') as HersheyFont;
  const paths = font.stringToPaths(character).paths.filter(({ length }) => length > 0);
  const middle = (axis: 0 | 1) => {
    const values = paths.flat().map((point) => point[axis]);
    return (Math.min(...values) + Math.max(...values)) / 2;
  };
  const [x0, y0] = [middle(0), middle(1)];
  return paths.map((path) => path.map(([x, y]) => [x - x0, y0 - y] as const));
}
