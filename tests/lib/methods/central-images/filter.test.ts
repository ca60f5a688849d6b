import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ImageShape } from '../../../../lib/core/images.js';
import { filtered } from '../../../../lib/methods/central-images/filter.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../golden/central-filter.json', import.meta.url), 'utf8'),
) as (ImageShape & { image: number[]; filtered: number[] })[];

describe('the filter of central images', () => {
  it.each(golden)('is SciPy’s, of $channels channels', ({ image, filtered: expected, ...shape }) => {
    expect([...filtered(Uint8Array.from(image), shape)]).toEqual(expected);
  });

  it('takes a single bright pixel away, and leaves an even image as it is', () => {
    const shape = { height: 5, width: 5, channels: 1 };
    const dot = Uint8Array.from({ length: 25 }, (_, i) => (i === 12 ? 255 : 7));
    const even = new Uint8Array(25).fill(7);
    expect(filtered(dot, shape)).toEqual(even);
    expect(filtered(even, shape)).toEqual(even);
  });
});
