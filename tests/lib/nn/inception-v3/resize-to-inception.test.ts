import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { cornerResize, halfPixelResize } from '../../../../lib/nn/inception-v3/resize-to-inception.js';
import { setupEngine, tf, type Tensor4D } from '../../../../lib/tensor/index.js';
import { floats, formulaImage } from './formula-weights.js';

/** Lines of the first channel of `formulaImage('colour', 32, 32, 3)` at 299 x 299, in bytes; see tests/golden/inception.py. */
const golden = (
  JSON.parse(readFileSync(new URL('../../../golden/inception.json', import.meta.url), 'utf8')) as {
    resize: { lines: number[]; halfPixel: string[]; corner: string[] };
  }
).resize;

/** Of bytes: both programs interpolate in float32. */
const tolerance = 1e-4;

beforeAll(() => setupEngine());

async function resizedLines(resize: (bytes: Tensor4D) => Tensor4D): Promise<Float32Array[]> {
  const bytes = tf.tensor4d(Float32Array.from(formulaImage('colour', 32, 32, 3)), [1, 32, 32, 3]);
  const resized = resize(bytes);
  const values = (await resized.data()) as Float32Array;
  expect(resized.shape).toEqual([1, 299, 299, 3]);
  tf.dispose([bytes, resized]);
  return golden.lines.map((y) => Float32Array.from({ length: 299 }, (_, x) => values[(y * 299 + x) * 3]!));
}

it('half-pixel centres: as F.interpolate(x, size=(299, 299), mode="bilinear", align_corners=False), then 2 v - 1', async () => {
  const lines = await resizedLines(halfPixelResize);
  lines.forEach((line, i) => {
    const expected = floats(golden.halfPixel[i]!);
    line.forEach((value, x) => expect(Math.abs((value + 1) * 127.5 - expected[x]!)).toBeLessThan(tolerance));
  });
});

it('corners: as interpolate_bilinear_2d_like_tensorflow1x(x, (299, 299), align_corners=False), then (v - 128) / 128', async () => {
  const lines = await resizedLines(cornerResize);
  lines.forEach((line, i) => {
    const expected = floats(golden.corner[i]!);
    line.forEach((value, x) => expect(Math.abs(value * 128 + 128 - expected[x]!)).toBeLessThan(tolerance));
  });
});
