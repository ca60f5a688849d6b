import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DataError, OptionError } from '../../../../lib/core/errors.js';
import { convolutionsOf, inceptionV3 } from '../../../../lib/nn/inception-v3/architecture.js';
import { foldedWeights } from '../../../../lib/nn/inception-v3/folded-weights.js';
import { saveWeights, setupEngine, tf } from '../../../../lib/tensor/index.js';

let folder: string;
beforeAll(async () => {
  await setupEngine();
  folder = await mkdtemp(join(tmpdir(), 'dpbench-inception-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const parts = ['conv.weight', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'];
const names = [
  ...convolutionsOf(inceptionV3).flatMap(({ name }) => parts.map((part) => `${name}.${part}`)),
  'fc.weight',
  'fc.bias',
];

/** A file with these tensors, each of one value. */
async function fileOf(kept: readonly string[]): Promise<string> {
  const path = join(folder, `${kept.length}.safetensors`);
  const one = tf.tensor1d([1]);
  await saveWeights(path, Object.fromEntries(kept.map((name) => [name, one]))).finally(() => one.dispose());
  return path;
}

it('refuses a network of other shapes and leaves no tensor behind', async () => {
  const path = await fileOf(names);
  const before = tf.memory().numTensors;
  const refused = foldedWeights(path);
  await expect(refused).rejects.toThrow(DataError);
  await expect(refused).rejects.toThrow(
    `weights of Inception v3, '${path}': tensor 'Conv2d_1a_3x3.conv.weight' is of another network; got [1], ` +
      'expected [32, 3, 3, 3]',
  );
  expect(tf.memory().numTensors).toBe(before);
});

it('names a tensor that is missing', async () => {
  const refused = foldedWeights(await fileOf(names.slice(0, -1)));
  await expect(refused).rejects.toThrow(OptionError);
  await expect(refused).rejects.toThrow("the file has no such tensor; got 'fc.bias'");
});
