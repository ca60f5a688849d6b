import { encode } from 'fast-png';

/** A canvas of bytes that ends as a PNG: `channels` is 1 (grey) or 3 (red, green, blue). */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array; // [height, width, channels]
}

export function canvas(width: number, height: number, channels: number, background: number): Canvas {
  return { width, height, channels, data: new Uint8Array(width * height * channels).fill(background) };
}

/** The PNG file as base64, as Jupyter sends it under `image/png`. */
export function pngBase64({ width, height, channels, data }: Canvas): string {
  return Buffer.from(encode({ width, height, channels, data, depth: 8 }, { zlib: { level: 9 } })).toString('base64');
}
