import { join } from 'node:path';
import { convolutionsOf, inceptionV3 } from '../../../../lib/nn/inception-v3/architecture.js';
import { saveWeights, tf, type Tensor } from '../../../../lib/tensor/index.js';

/** `noise` of tests/golden/inception.py: numbers in [-1, 1), multiples of 2^-23. */
function noise(name: string, count: number): Float64Array {
  let seed = 0x811c9dc5;
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = Math.imul(i, 0x9e3779b9) + seed;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    x ^= x >>> 16;
    values[i] = (x >>> 8) / 2 ** 23 - 1;
  }
  return values;
}

/** `weights` of tests/golden/inception.py. */
function formulaWeight(name: string, shape: number[]): Tensor {
  const count = shape.reduce((product, length) => product * length, 1);
  const aboutOne = name.endsWith('bn.weight') || name.endsWith('bn.running_var');
  const offset = aboutOne ? 1 : 0;
  const scale = shape.length === 1 ? 1 / 4 : Math.sqrt(6 / (count / shape[0]!));
  const values = new Float32Array(count);
  const drawn = noise(name, count);
  for (let i = 0; i < count; i++) values[i] = offset + drawn[i]! * scale;
  return tf.tensor(values, shape);
}

/** Writes all weights of the FID Inception, made by a formula, under their published names; gives the path. */
export async function writeFormulaWeights(folder: string): Promise<string> {
  const shapes = convolutionsOf(inceptionV3).flatMap(({ name, inputs, outputs, size }): [string, number[]][] => [
    [`${name}.conv.weight`, [outputs, inputs, ...size]],
    ...['weight', 'bias', 'running_mean', 'running_var'].map((of): [string, number[]] => [
      `${name}.bn.${of}`,
      [outputs],
    ]),
  ]);
  shapes.push(['fc.weight', [1008, 2048]], ['fc.bias', [1008]]);
  const weights = Object.fromEntries(shapes.map(([name, shape]) => [name, formulaWeight(name, shape)]));
  const path = join(folder, 'inception.safetensors');
  await saveWeights(path, weights).finally(() => tf.dispose(weights));
  return path;
}

/** `bytes_of` of tests/golden/inception.py. */
export function formulaImage(name: string, height: number, width: number, channels: number): Uint8Array {
  const values = noise(name, height * width * channels);
  return Uint8Array.from(values, (value, at) => {
    const [x, y, c] = [Math.floor(at / channels) % width, Math.floor(at / channels / width), at % channels];
    const slope = (x * 3 + y * 4 + c * 40) % 256;
    return Math.min(255, Math.max(0, Math.floor(slope * 0.75 + 32 + 32 * value)));
  });
}

/** Float32 numbers from base64, as the golden files hold them. */
export function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}

/** The largest difference in units of the largest expected value. */
export function relativeError(got: ArrayLike<number>, expected: Float32Array): number {
  if (got.length !== expected.length) return Infinity;
  const difference = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
  return difference / expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
