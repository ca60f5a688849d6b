import type { LabeledImages } from '../../core/images.js';
import type { SeededStream } from '../../core/rng.js';

/** Sides of the pictures. */
export const pictureSide = 32;
/** Colours that a digit can have, evenly round the circle of hues. */
export const hues = 8;

type Colour = readonly [red: number, green: number, blue: number];

/**
 * Grey digits as colour pictures of 32 x 32: each in a hue of its own, at a place of its own, on a background of two colours that
 * run or spot into each other at a scale of its own. The label is `digit * 8 + hue`: who wants to name it must see both.
 */
export function colouredDigits(digits: LabeledImages, stream: SeededStream): LabeledImages {
  const { count, height, width } = digits;
  const data = new Uint8Array(count * pictureSide * pictureSide * 3);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const hue = stream.integer(hues);
    labels[i] = digits.labels[i]! * hues + hue;
    const stroke = strokeColour(hue, stream);
    const blend = mixture(stream);
    const [one, other] = [backgroundColour(stroke, stream), backgroundColour(stroke, stream)];
    const [top, left] = [stream.integer(pictureSide - height + 1), stream.integer(pictureSide - width + 1)];
    for (let pixel = 0; pixel < pictureSide * pictureSide; pixel++) {
      const [y, x] = [Math.floor(pixel / pictureSide) - top, (pixel % pictureSide) - left];
      const inside = y >= 0 && y < height && x >= 0 && x < width;
      const ink = inside ? digits.data[(i * height + y) * width + x]! / 255 : 0;
      for (let c = 0; c < 3; c++) {
        const behind = other[c]! + (one[c]! - other[c]!) * blend[pixel]!;
        data[(i * pictureSide * pictureSide + pixel) * 3 + c] = Math.round(
          255 * (behind + (stroke[c]! - behind) * ink),
        );
      }
    }
  }
  return { data, labels, count, height: pictureSide, width: pictureSide, channels: 3 };
}

/** A colour about a hue: of any brightness from half up, and from pale to pure. */
function strokeColour(hue: number, stream: SeededStream): Colour {
  const turn = (hue + 0.7 * (stream.uniform() - 0.5)) / hues;
  return fromHue(turn, 0.5 + 0.5 * stream.uniform(), 0.5 + 0.5 * stream.uniform());
}

/** Any colour that the stroke can be told from. */
function backgroundColour(stroke: Colour, stream: SeededStream): Colour {
  for (;;) {
    const colour = fromHue(stream.uniform(), stream.uniform(), stream.uniform());
    if (Math.max(...colour.map((value, c) => Math.abs(value - stroke[c]!))) > 0.35) return colour;
  }
}

/** HSV to RGB, all in [0, 1]. */
function fromHue(hue: number, saturation: number, value: number): Colour {
  const channel = (shift: number) => {
    const place = (shift + 6 * (hue - Math.floor(hue))) % 6;
    return value * (1 - saturation * Math.max(0, Math.min(place, 4 - place, 1)));
  };
  return [channel(5), channel(3), channel(1)];
}

/** Shares in [0, 1], one a pixel: random numbers on a grid of 2 to 33 points a side, linear between them. */
function mixture(stream: SeededStream): Float64Array {
  const points = 2 ** stream.integer(6) + 1;
  const grid = Float64Array.from({ length: points * points }, () => stream.uniform());
  const step = (points - 1) / pictureSide;
  const shares = new Float64Array(pictureSide * pictureSide);
  for (let y = 0, at = 0; y < pictureSide; y++)
    for (let x = 0; x < pictureSide; x++, at++) {
      const corner = Math.floor(y * step) * points + Math.floor(x * step);
      const [down, right] = [(y * step) % 1, (x * step) % 1];
      const upper = grid[corner]! + (grid[corner + 1]! - grid[corner]!) * right;
      const lower = grid[corner + points]! + (grid[corner + points + 1]! - grid[corner + points]!) * right;
      shares[at] = upper + (lower - upper) * down;
    }
  return shares;
}
