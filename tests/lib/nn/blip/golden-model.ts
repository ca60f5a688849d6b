import { readFileSync } from 'node:fs';
import type { Images } from '../../../../lib/core/images.js';
import type { BlipSizes } from '../../../../lib/nn/blip/sizes.js';
import { bytes, storage, tensor, text, zipFile } from '../../tensor/weights/torch-files.js';

type Shape = [height: number, width: number, channels: number];

/** By tests/golden/image-reward.py: ImageReward's own code with small sizes and hashed weights. */
export const golden = JSON.parse(readFileSync('tests/golden/image-reward.json', 'utf8')) as {
  preprocessed: { shape: Shape; pixels: number; sha256: string; row: number[]; normalised: number[] }[];
  sizes: BlipSizes;
  /** Names and shapes of the whole state dict. */
  weights: [name: string, shape: number[]][];
  /** `embedded`: the first two positions and the last one. */
  scored: { shape: Shape; prompt: string; ids: number[]; embedded: number[][]; feature: number[]; score: number }[];
  /** Scores of the three images for one prompt, by the function that takes several. */
  together: number[];
};

/** The vocabulary of that model, as `vocab.txt`. */
export const vocabulary = (
  JSON.parse(readFileSync('tests/golden/word-piece.json', 'utf8')) as { vocabulary: string[] }
).vocabulary.join('\n');

/** Whole numbers of 32 bits from a name: `hashed` of the Python file. */
function hashed(name: string, count: number): Uint32Array {
  let seed = 0x811c9dc5;
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  return Uint32Array.from({ length: count }, (_, i) => {
    let x = (Math.imul(i, 2654435761) + seed) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return (x ^ (x >>> 15)) >>> 0;
  });
}

/** `picture` of the Python file, before it copies grey to three channels. */
export function picture([height, width, channels]: Readonly<Shape>): Images {
  const fine = hashed('picture', height * width * channels);
  const data = Uint8Array.from(fine, (value, at) => {
    const pixel = Math.floor(at / channels);
    const [row, column] = [Math.floor(pixel / width) >> 2, (pixel % width) >> 2];
    const square = (row * 7 + column * 5 + (at % channels)) % 3 === 0 ? 255 : 0;
    return (3 * square + (value >>> 24)) >> 2;
  });
  return { data, count: 1, height, width, channels };
}

/** `weight` of the Python file. */
function weight(name: string, shape: readonly number[]): Float32Array {
  const of = (centre: number, scale: number) =>
    Float32Array.from(hashed(name, product(shape)), (value) => centre + scale * (value / 2 ** 31 - 1));
  if (name.endsWith('patch_embed.proj.weight')) return of(0, 1e-4);
  if ((name.includes('embed') && !name.includes('LayerNorm')) || name.endsWith('cls_token')) return of(0, 2e-3);
  if (shape.length === 2) return of(0, (name.startsWith('mlp.') ? 1 : 1.5) * (3 / shape[1]!) ** 0.5);
  return name.endsWith('weight') ? of(1, 0.3) : of(0, 0.2);
}

const product = (shape: readonly number[]): number => shape.reduce((all, length) => all * length, 1);

/** The state dict of that model as `torch.save` writes it: all that ImageReward keeps, whole numbers too. */
export function goldenFile(weights = golden.weights): Buffer {
  const items = weights.map(([name, shape], key) => {
    const whole = name.endsWith('position_ids');
    const strides = shape.map((_, axis) => product(shape.slice(axis + 1)));
    const kept = storage(String(key), product(shape)).replace('FloatStorage', whole ? 'LongStorage' : 'FloatStorage');
    const values = whole ? BigInt64Array.from({ length: product(shape) }, (_, i) => BigInt(i)) : weight(name, shape);
    return {
      pickled: text(name) + tensor(kept, 'K\0', numbers(shape), numbers(strides)),
      record: { name: `archive/data/${key}`, data: Buffer.from(values.buffer) },
    };
  });
  const pickle = bytes(`\x80\x02}(${items.map(({ pickled }) => pickled).join('')}u.`);
  return zipFile([
    { name: 'archive/data.pkl', data: pickle },
    ...items.map(({ record }) => record),
    { name: 'archive/version', data: bytes('3\n') },
  ]);
}

/** A tuple of whole numbers as a pickle has it. */
function numbers(values: readonly number[]): string {
  const each = values.map((value) => {
    const four = Buffer.alloc(4);
    four.writeInt32LE(value);
    return `J${four.toString('latin1')}`;
  });
  return `(${each.join('')}t`;
}
