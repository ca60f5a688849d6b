/** Cosines of each coordinate of the long stroke and of the short one; the constant is one more. */
const longTerms = 6;
const shortTerms = 2;
const longNumbers = 2 * (longTerms + 1);
const shortNumbers = 2 * (shortTerms + 1);

/** Standard normal numbers that a drawing is made of: two strokes, whether there is a second one, the width of the pen. */
export const latentsPerDrawing = longNumbers + shortNumbers + 2;

/** Times at which a stroke is computed; between them it is straight. */
const times = 33;
/** cos(pi term time), `[terms + 1, times]`. */
const cosines = Float64Array.from({ length: (longTerms + 1) * times }, (_, i) =>
  Math.cos((Math.PI * Math.floor(i / times) * (i % times)) / (times - 1)),
);

interface Size {
  readonly height: number;
  readonly width: number;
}

interface Pen {
  /** Pixels from the middle of a line to where it is half white. */
  readonly radius: number;
  /** Pixels over which white falls to black. */
  readonly edge: number;
}

/**
 * White strokes of a pen on black: bytes `[height, width]`. Each coordinate of a stroke is a sum of cosines of the time, of
 * which the faster ones are smaller, so that random drawings are smooth.
 *
 * @param latents 22 numbers from N(0, 1); all zeros are a dot in the middle.
 */
export function paintDrawing(latents: Float32Array, size: Size): Uint8Array {
  const [second, width] = [latents[longNumbers + shortNumbers]!, latents[longNumbers + shortNumbers + 1]!];
  const edge = Math.min(size.height, size.width) / 28;
  const pen = { radius: 1.1 * edge * Math.exp(0.25 * width), edge };
  const bytes = new Uint8Array(size.height * size.width);
  paintStroke(bytes, latents.subarray(0, longNumbers), pen, size);
  if (second > 0.5) paintStroke(bytes, latents.subarray(longNumbers, longNumbers + shortNumbers), pen, size);
  return bytes;
}

function paintStroke(bytes: Uint8Array, numbers: Float32Array, pen: Pen, size: Size): void {
  const half = numbers.length / 2;
  const xs = coordinates(numbers.subarray(0, half), (size.width - 1) / 2, size);
  const ys = coordinates(numbers.subarray(half), (size.height - 1) / 2, size);
  paintDot(bytes, xs[0]!, ys[0]!, pen, size);
  for (let i = 1; i < times; i++) {
    const [right, down] = [xs[i]! - xs[i - 1]!, ys[i]! - ys[i - 1]!];
    const dots = Math.max(1, Math.ceil(Math.sqrt(right * right + down * down) / pen.edge));
    for (let dot = 1; dot <= dots; dot++)
      paintDot(bytes, xs[i - 1]! + (right * dot) / dots, ys[i - 1]! + (down * dot) / dots, pen, size);
  }
}

/** One coordinate of a stroke at all times, in pixels. */
function coordinates(numbers: Float32Array, middle: number, { height, width }: Size): Float64Array {
  const side = Math.min(height, width);
  const values = new Float64Array(times).fill(middle + 0.08 * side * numbers[0]!);
  for (let term = 1; term < numbers.length; term++) {
    const size = (0.25 * side * numbers[term]!) / term ** 1.25;
    for (let i = 0; i < times; i++) values[i]! += size * cosines[term * times + i]!;
  }
  return values;
}

/** A dot, where it is lighter than what is there. */
function paintDot(bytes: Uint8Array, x: number, y: number, { radius, edge }: Pen, { height, width }: Size): void {
  const reach = radius + edge / 2;
  const [top, bottom] = [Math.max(0, Math.ceil(y - reach)), Math.min(height - 1, Math.floor(y + reach))];
  const [left, right] = [Math.max(0, Math.ceil(x - reach)), Math.min(width - 1, Math.floor(x + reach))];
  for (let row = top; row <= bottom; row++)
    for (let column = left; column <= right; column++) {
      const distance = Math.sqrt((row - y) * (row - y) + (column - x) * (column - x)); // Math.hypot takes ten times as long
      const byte = 255 * Math.min(1, Math.max(0, (reach - distance) / edge));
      if (byte > bytes[row * width + column]!) bytes[row * width + column] = byte;
    }
}
