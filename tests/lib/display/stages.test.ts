import { decode } from 'fast-png';
import { expect, it } from 'vitest';
import { displaySymbol } from '../../../lib/core/mime.js';
import { stages, type StagedRun } from '../../../lib/display/stages.js';

const stack = (shade: number, channels = 1) => ({
  ...{ count: 6, height: 4, width: 4, channels, labels: Uint8Array.of(0, 1, 0, 1, 0, 1) },
  data: new Uint8Array(6 * 16 * channels).fill(shade),
});
const run: StagedRun = {
  method: 'dp-feta',
  stages: [
    { title: 'central images', images: stack(100) },
    { title: 'after the warm-up', images: stack(150) },
  ],
  images: stack(200),
  config: { classes: ['cat', 'dog'] },
};

it('draws each stage and the result from left to right', async () => {
  const drawn = await stages(run)[displaySymbol]();
  expect(drawn['text/plain']).toBe(
    'Stages of dp-feta: central images, 6 images; after the warm-up, 6 images; the result, 6 images',
  );
  expect(drawn['text/html']).toContain(`src="data:image/png;base64,${String(drawn['image/png'])}"`);
  const { data, width, height, channels } = decode(Buffer.from(String(drawn['image/png']), 'base64'));
  const shades = Array.from({ length: width * height }, (_, i) => data[i * channels]!);
  // The column of the first pixel of each shade; 16 pixels a side are 4 of an image.
  const first = [100, 150, 200].map((shade) => Math.min(...shades.flatMap((s, i) => (s === shade ? [i % width] : []))));
  expect(first).toEqual([...first].sort((a, b) => a - b));
  const pixels = (shade: number) => shades.filter((s) => s === shade).length;
  expect([pixels(100), pixels(150), pixels(200)]).toEqual(Array(3).fill(6 * 48 * 48));
});

it('puts grey and colour stages into one picture, and takes fewer columns', async () => {
  const mixed = { ...run, images: stack(200, 3) };
  const drawn = await stages(mixed, { columns: 1 })[displaySymbol]();
  const { data, channels } = decode(Buffer.from(String(drawn['image/png']), 'base64'));
  expect(channels).toBe(3);
  expect([...data].filter((value) => value === 100)).toHaveLength(2 * 48 * 48 * 3);
});

it('refuses a run without stages and bad options', () => {
  expect(() => stages({ ...run, stages: [] })).toThrow(
    "dp.stages: the method of this run shows no stages; got 'dp-feta'. Draw its images: dp.grid(run.images).",
  );
  expect(() => stages(run, { columns: 0 })).toThrow('dp.stages: columns is out of range');
  expect(() => stages(run, { colums: 1 } as object)).toThrow('columns');
});
