import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ImageShape } from '../../../lib/core/images.js';
import { augmented, randAugmentedCopies } from '../../../lib/data/rand-augment/rand-augment.js';

const golden = JSON.parse(readFileSync(new URL('../../golden/rand-augment.json', import.meta.url), 'utf8')) as {
  images: Record<string, ImageShape & { data: string }>;
  cases: { image: string; name: string; magnitude: number; out: string }[];
};
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));

describe('operations of RandAugment', () => {
  it.each(golden.cases)('$name of $magnitude on the $image image, as Pillow', ({ image, name, magnitude, out }) => {
    const shape = golden.images[image]!;
    expect(augmented(bytes(shape.data), shape, name, magnitude)).toEqual(bytes(out));
  });

  it('are known by name', () => {
    expect(() => augmented(new Uint8Array(1), { height: 1, width: 1, channels: 1 }, 'blur', 1)).toThrow(
      "RandAugment: unknown operation; got 'blur', expected shearX, shearY",
    );
  });
});

describe('randAugmentedCopies', () => {
  const { data, ...shape } = golden.images['grey']!;
  const stack = { ...shape, data: bytes(data), labels: Uint8Array.of(4), count: 1 };

  it('gives copies that differ, with the class, the same each time', () => {
    const copies = randAugmentedCopies([stack], { copies: 40, magnitude: 9 });
    expect(copies).toMatchObject({ count: 40, ...shape });
    expect([...copies.labels]).toEqual(Array.from({ length: 40 }, () => 4));
    const size = shape.height * shape.width;
    const different = new Set(Array.from({ length: 40 }, (_, i) => copies.data.slice(i * size, (i + 1) * size).join()));
    expect(different.size).toBeGreaterThan(20);
    expect(randAugmentedCopies([stack], { copies: 40, magnitude: 9 })).toEqual(copies);
    expect(randAugmentedCopies([stack], { copies: 40, magnitude: 3 })).not.toEqual(copies);
  });

  it('refuses a magnitude that is none', () => {
    for (const magnitude of [0, 31])
      expect(() => randAugmentedCopies([stack], { copies: 1, magnitude })).toThrow(
        `RandAugment: magnitude is out of range; got ${magnitude}, expected 1 to 30`,
      );
  });
});
