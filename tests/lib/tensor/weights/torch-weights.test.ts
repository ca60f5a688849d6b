import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError, OptionError } from '../../../../lib/core/errors.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { assignWeights, loadWeights } from '../../../../lib/tensor/weights/load-weights.js';

type Layouts = Readonly<Record<'zip' | 'legacy', string>>;
type Expected = Readonly<Record<string, { shape: number[]; type: string; values: string }>>;

/** By tests/golden/torch-weights.py: PyTorch 2.13.0. */
interface Golden {
  every: Layouts & { values: Expected };
  protocols: Record<string, string>;
  views: Layouts & { values: Expected };
  checkpoint: Layouts & { values: Expected };
  two: Layouts;
  big: Layouts;
  small: Layouts;
  none: string;
  numbered: string;
  negative: string;
  wide: string;
  vast: string;
  deep: string;
}

let golden: Golden;
let folder: string;
let before: number;

beforeAll(async () => {
  await setupEngine();
  golden = JSON.parse(await readFile('tests/golden/torch-weights.json', 'utf8')) as Golden;
  folder = await mkdtemp(join(tmpdir(), 'dpbench-torch-weights-'));
  before = tf.memory().numTensors;
});
// Every test disposes what it got, and no refusal leaves a tensor behind.
afterAll(async () => {
  expect(tf.memory().numTensors).toBe(before);
  await rm(folder, { recursive: true });
});

/** The name says nothing of the format. */
async function fileOf(bytes: Buffer | string): Promise<string> {
  const path = join(folder, 'weights');
  await writeFile(path, typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : bytes);
  return path;
}

const load = async (bytes: Buffer | string, options?: { names?: string[]; at?: string }) =>
  loadWeights(await fileOf(bytes), options);

async function contentOf(tensors: Readonly<Record<string, Tensor>>): Promise<Expected> {
  const content: Record<string, Expected[string]> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const { buffer, byteOffset, byteLength } = await tensor.data();
    const values = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
    content[name] = { shape: tensor.shape, type: tensor.dtype, values };
  }
  return content;
}

async function expectContent(bytes: Buffer | string, expected: Expected): Promise<void> {
  const { tensors } = await load(bytes);
  expect(await contentOf(tensors)).toEqual(expected);
  tf.dispose(tensors);
}

describe.each(['zip', 'legacy'] as const)('a PyTorch file, %s,', (layout) => {
  it('of every element type comes with the names, shapes and values of torch.load', async () => {
    expect(Object.keys(golden.every.values)).toHaveLength(13);
    await expectContent(golden.every[layout], golden.every.values);
  });

  it('of views: offsets, transposed, stepped, expanded, tied', async () => {
    expect(golden.views.values['transposed']!.shape).toEqual([4, 2, 3]);
    await expectContent(golden.views[layout], golden.views.values);
  });

  it('of training: the state dict among other things, without the prefix of DataParallel', async () => {
    const { values } = golden.checkpoint;
    const plain = Object.fromEntries(Object.entries(values).map(([name, value]) => [name.slice(7), value]));
    expect(Object.keys(values)).toContain('module.1.num_batches_tracked');
    await expectContent(golden.checkpoint[layout], plain);
  });

  it('with several dicts of tensors asks which', async () => {
    const values = async (at: string) => {
      const { tensors } = await load(golden.two[layout], { at });
      const read = await Promise.all(Object.entries(tensors).map(async ([name, t]) => [name, ...(await t.data())]));
      tf.dispose(tensors);
      return read;
    };
    expect(await values('model')).toEqual([['w', 1]]);
    expect(await values('ema')).toEqual([['w', 0]]);
    expect(await values('')).toEqual([['best', 2]]);
    const several = load(golden.two[layout]);
    await expect(several).rejects.toThrow(OptionError);
    await expect(several).rejects.toThrow(
      "the file holds several dicts of tensors; expected at: '' or at: 'ema' or at: 'model'.",
    );
    await expect(load(golden.two[layout], { at: 'modle' })).rejects.toThrow(
      "the file has no dict of tensors there; got 'modle', expected at: '' or at: 'ema' or at: 'model'.",
    );
  });

  it('of a big-endian machine is refused', async () => {
    const big = load(golden.big[layout]);
    await expect(big).rejects.toThrow(DataError);
    await expect(big).rejects.toThrow('the file was not saved little-endian');
  });

  it('names its SHA-256', async () => {
    const { tensors, checksum, metadata } = await load(golden.small[layout]);
    const bytes = Buffer.from(golden.small[layout], 'base64');
    expect(checksum).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(metadata).toEqual({});
    tf.dispose(tensors);
  });

  it('gives some names alone, and answers an unknown one with the nearest', async () => {
    const { tensors } = await load(golden.every[layout], { names: ['scalar'] });
    expect(Object.keys(tensors)).toEqual(['scalar']);
    tf.dispose(tensors);
    await expect(load(golden.every[layout], { names: ['scaler'] })).rejects.toThrow("Did you mean 'scalar'?");
  });
});

describe('a PyTorch file', () => {
  it('of every pickle protocol from 1 to 5', async () => {
    expect(Object.keys(golden.protocols)).toEqual(['zip 5', 'legacy 1', 'legacy 3', 'legacy 4', 'legacy 5']);
    for (const file of Object.values(golden.protocols)) await expectContent(file, golden.every.values);
  });

  it('sets variables, as a safetensors file does', async () => {
    const variables = tf.tidy(() => ({ w: tf.variable(tf.zeros([3])), n: tf.variable(tf.zeros([1], 'int32')) }));
    expect(await assignWeights(variables, await fileOf(golden.small.zip))).toEqual({});
    expect([...(await variables.w.data())]).toEqual([0, 1, 2]);
    tf.dispose(variables);
  });

  it('that holds a list of lists 400 deep beside its tensor is read', async () => {
    const { tensors } = await load(golden.deep);
    expect(Object.keys(tensors)).toEqual(['w']);
    tf.dispose(tensors);
  });

  it('without a state dict, or with one that does not fit, is refused', async () => {
    await expect(load(golden.none)).rejects.toThrow(
      'the file holds no state dict; expected a dict of tensors by name, or one in a dict.',
    );
    await expect(load(golden.numbered)).rejects.toThrow("a tensor has a name that is no text; got 'number'.");
    await expect(load(golden.wide)).rejects.toThrow("a value of tensor 'w' (I64) does not fit int32; got 2147483648.");
    // Its values are those of the storage with another sign.
    await expect(load(golden.negative)).rejects.toThrow('the pickle calls torch._utils._rebuild_tensor_v2 wrongly.');
  });

  it('of 500 bytes that unfolds to 4 TiB is refused before any is reserved', async () => {
    await expect(load(golden.vast)).rejects.toThrow(
      /its tensors are far larger than the file; got '4398046511104 bytes', expected at most 67108864 for a file of \d+\./,
    );
  });
});
