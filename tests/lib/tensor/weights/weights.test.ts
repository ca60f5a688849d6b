import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError, OptionError } from '../../../../lib/core/errors.js';
import { setupEngine, tf, type Tensor } from '../../../../lib/tensor/index.js';
import { assignWeights, loadWeights } from '../../../../lib/tensor/weights/load-weights.js';
import { saveWeights } from '../../../../lib/tensor/weights/save-weights.js';

/** By tests/golden/weights.py: Python's safetensors 0.8.0. */
interface Golden {
  plain: string;
  every: string;
  everyValues: Record<string, string>;
  bfloat16: string;
  bfloat16Values: string;
  wide: string;
  huge: string;
  complex: string;
}

let golden: Golden;
let folder: string;
let before: number;

beforeAll(async () => {
  await setupEngine();
  golden = JSON.parse(await readFile('tests/golden/weights.json', 'utf8')) as Golden;
  folder = await mkdtemp(join(tmpdir(), 'dpbench-weights-'));
  before = tf.memory().numTensors;
});
// Every test disposes what it got, and no refusal leaves a tensor behind.
afterAll(async () => {
  expect(tf.memory().numTensors).toBe(before);
  await rm(folder, { recursive: true });
});

const fromText = (text: string) => Buffer.from(text, 'base64');

async function fileOf(bytes: Uint8Array | string, name = 'w.safetensors'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof bytes === 'string' ? fromText(bytes) : bytes);
  return path;
}

/** Header and bytes of tensors put together by hand. */
function made(header: object | string, data = 0): Buffer {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  return Buffer.concat([length, Buffer.from(text), Buffer.alloc(data)]);
}

async function bytesOf(tensor: Tensor): Promise<Buffer> {
  const { buffer, byteOffset, byteLength } = await tensor.data();
  return Buffer.from(buffer, byteOffset, byteLength);
}

const plainTensors = () =>
  tf.tidy(() => ({
    flag: tf.tensor1d([1, 0, 1], 'bool'),
    'dense.weight': tf.tensor2d([0, 1, 2, 3, 4, 5], [2, 3]).div(8),
    nothing: tf.zeros([0, 4]),
    scalar: tf.scalar(2.5),
    'a.count': tf.tensor1d([1, -2], 'int32'),
  }));

describe('saveWeights', () => {
  it("writes the very bytes of Python's safetensors", async () => {
    const tensors = plainTensors();
    const path = join(folder, 'plain.safetensors');
    await saveWeights(path, tensors, { made: 'naïve "test" 123' });
    expect((await readFile(path)).equals(fromText(golden.plain))).toBe(true);
    tf.dispose(tensors);
  });

  it('comes back with names, shapes, types, values and metadata, also names like numbers', async () => {
    const tensors = { ...plainTensors(), 10: tf.scalar(10), 9: tf.tensor1d([1e-45, -0, Infinity]) };
    const path = join(folder, 'back.safetensors');
    await saveWeights(path, tensors, { step: '3' });
    const back = await loadWeights(path);
    expect(back.metadata).toEqual({ step: '3' });
    expect(Object.keys(back.tensors).sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, tensor] of Object.entries<Tensor>(tensors)) {
      const { dtype, shape } = back.tensors[name]!;
      expect({ dtype, shape }).toEqual({ dtype: tensor.dtype, shape: tensor.shape });
      expect((await bytesOf(back.tensors[name]!)).equals(await bytesOf(tensor))).toBe(true);
    }
    tf.dispose([tensors, back.tensors]);
  });

  it('replaces a file as a whole, and a failed write leaves the old one and nothing else', async () => {
    const [one, two] = [tf.scalar(1), tf.scalar(2)];
    const path = join(folder, 'twice.safetensors');
    await saveWeights(path, { one });
    await saveWeights(path, { two });
    const { tensors } = await loadWeights(path);
    expect(Object.keys(tensors)).toEqual(['two']);
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
    // A folder in its place: the rename fails after all bytes were written.
    const failed = saveWeights(folder, { one });
    await expect(failed).rejects.toThrow(DataError);
    await expect(failed).rejects.toThrow(
      /^saveWeights\('.*'\): the file cannot be written: .*\. Give a path in a folder that exists\.$/,
    );
    expect(
      (await readdir(tmpdir())).filter((name) => name.includes('partial') && name.includes('dpbench-weights')),
    ).toEqual([]);
    tf.dispose([one, two, tensors]);
  });

  it('writes the values at the time of the call', async () => {
    const variable = tf.tidy(() => tf.variable(tf.scalar(1)));
    const path = join(folder, 'now.safetensors');
    const saving = saveWeights(path, { variable });
    tf.tidy(() => variable.assign(tf.scalar(2)));
    await saving;
    const { tensors } = await loadWeights(path);
    expect([...(await tensors['variable']!.data())]).toEqual([1]);
    tf.dispose([variable, tensors]);
  });

  it('refuses types and names that the format has no place for', async () => {
    const tensors = tf.tidy(() => ({ text: tf.tensor1d(['a']), one: tf.scalar(1) }));
    const path = join(folder, 'refused.safetensors');
    await expect(saveWeights(path, { text: tensors.text })).rejects.toThrow(
      `saveWeights('${path}'): tensor 'text' has a type that is not written; got 'string', expected float32, int32, bool.`,
    );
    const reserved = saveWeights(path, { ['__metadata__']: tensors.one });
    await expect(reserved).rejects.toThrow(OptionError);
    await expect(reserved).rejects.toThrow("the format keeps this name for itself; got '__metadata__'.");
    tf.dispose(tensors);
  });
});

describe('loadWeights', () => {
  it("reads every element type of Python's safetensors as numpy converts it", async () => {
    const { tensors, checksum } = await loadWeights(await fileOf(golden.every));
    expect(checksum).toBe(createHash('sha256').update(fromText(golden.every)).digest('hex'));
    expect(Object.keys(tensors).sort()).toEqual(Object.keys(golden.everyValues).sort());
    for (const [name, values] of Object.entries(golden.everyValues))
      expect((await bytesOf(tensors[name]!)).equals(fromText(values)), name).toBe(true);
    expect(tensors['F16']!.shape).toEqual([5, 2]);
    expect(tensors['I64']!.dtype).toBe('int32');
    tf.dispose(tensors);
    const brain = await loadWeights(await fileOf(golden.bfloat16));
    expect((await bytesOf(brain.tensors['w']!)).equals(fromText(golden.bfloat16Values))).toBe(true);
    tf.dispose(brain.tensors);
  });

  it('reads some names alone, and answers an unknown one with the nearest', async () => {
    const path = await fileOf(golden.plain);
    const { tensors } = await loadWeights(path, { names: ['scalar', 'flag'] });
    expect(Object.keys(tensors).sort()).toEqual(['flag', 'scalar']);
    tf.dispose(tensors);
    await expect(loadWeights(path, { names: ['dense.wieght'] })).rejects.toThrow(
      `loadWeights('${path}'): the file has no such tensor; got 'dense.wieght', expected dense.weight, nothing, scalar, a.count, flag. Did you mean 'dense.weight'?`,
    );
  });

  it('refuses values that do not fit', async () => {
    await expect(loadWeights(await fileOf(golden.wide))).rejects.toThrow(
      "a value of tensor 'w' (I64) does not fit int32; got 2147483648.",
    );
    await expect(loadWeights(await fileOf(golden.huge))).rejects.toThrow(
      "a value of tensor 'w' (F64) does not fit float32; got 1e+300.",
    );
    const flag = made({ w: { dtype: 'BOOL', shape: [1], data_offsets: [0, 1] } }, 1);
    flag[flag.length - 1] = 2;
    await expect(loadWeights(await fileOf(flag))).rejects.toThrow(
      "a value of tensor 'w' (BOOL) does not fit bool; got 2.",
    );
    await expect(loadWeights(await fileOf(golden.complex))).rejects.toThrow(
      "tensor 'w' has elements that TensorFlow.js cannot hold; got 'C64', expected F64, F32, F16,",
    );
  });

  it('refuses a file cut off at any byte, and one with a byte more', async () => {
    const whole = fromText(golden.plain);
    for (let length = 0; length < whole.length; length++) {
      const reading = loadWeights(await fileOf(whole.subarray(0, length)));
      await expect(reading, `${length} bytes`).rejects.toThrow(DataError);
      if (length >= 9) await expect(reading).rejects.toThrow(/cut off.* Copy or make it again\.$/);
    }
    await expect(loadWeights(await fileOf(Buffer.concat([whole, Buffer.alloc(1)])))).rejects.toThrow(
      'the file goes on after its last tensor; got 40, expected 39 bytes of tensors.',
    );
  });

  it('refuses what is no file of weights, and says what it is', async () => {
    const absent = loadWeights(join(folder, 'absent'));
    await expect(absent).rejects.toThrow(DataError);
    await expect(absent).rejects.toThrow('the file cannot be read: ENOENT');
    await expect(loadWeights(folder)).rejects.toThrow(
      `loadWeights('${folder}'): this is a folder or a device, not a file.`,
    );
    const beginning = async (bytes: string) => loadWeights(await fileOf(Buffer.from(bytes.padEnd(40, '\0'), 'latin1')));
    await expect(beginning('GIF89a')).rejects.toThrow(
      "is not a file of weights; got '40 bytes that begin with 4749463839610000', expected safetensors, or PyTorch's zip or pickle.",
    );
    await expect(beginning('\x93NUMPY')).rejects.toThrow('(a npy)');
    await expect(beginning('\x89HDF')).rejects.toThrow('(a HDF5)');
    await expect(beginning('{"a": 1, "b": 2}')).rejects.toThrow("begin with 7b2261223a20312c', expected");
    await expect(loadWeights(await fileOf(golden.plain), { at: 'model' })).rejects.toThrow(
      "a safetensors file has one level of names, no dict in another; got 'model', expected none.",
    );
    await expect(loadWeights(await fileOf(made('{"w": nonsense}')))).rejects.toThrow(
      `is not a safetensors file: its header is no JSON object; got '{"w": nonsense}'.`,
    );
  });

  it('refuses headers that contradict themselves', async () => {
    const refused = async (header: object, data: number) =>
      expect(loadWeights(await fileOf(made(header, data)))).rejects;
    const entry = (shape: unknown, start: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [start, end] });
    await (await refused({ w: entry([-1], 0, 4) }, 4)).toThrow("the header describes tensor 'w' wrongly; got {");
    await (await refused({ w: 3 }, 4)).toThrow("the header describes tensor 'w' wrongly; got 3.");
    await (
      await refused({ w: entry([2], 0, 4) }, 4)
    ).toThrow("the bytes of tensor 'w' do not fit its shape; got 4, expected 8 for F32 [2].");
    await (
      await refused({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12)
    ).toThrow("tensor 'b' overlaps another or leaves a gap; got 8, expected byte 4.");
    await (
      await refused({ a: entry([2], 0, 8), b: entry([1], 4, 8) }, 8)
    ).toThrow("tensor 'b' overlaps another or leaves a gap; got 4, expected byte 8.");
    await (
      await refused({ __metadata__: { step: 3 } }, 0)
    ).toThrow('the metadata of the header are not text by name; got {"step":3}.');
  });
});

describe('assignWeights', () => {
  const variables = (shape: [number, number]) =>
    tf.tidy(() => ({ weight: tf.variable(tf.zeros(shape)), bias: tf.variable(tf.zeros([2])) }));

  it('sets variables to the tensors of a file and gives its metadata', async () => {
    const [network, other] = [variables([2, 2]), variables([2, 2])];
    tf.tidy(() => network.weight.assign(tf.tensor2d([1, 2, 3, 4], [2, 2])));
    const path = join(folder, 'network.safetensors');
    await saveWeights(path, network, { step: '7' });
    expect(await assignWeights(other, path)).toEqual({ step: '7' });
    expect([...(await other.weight.data())]).toEqual([1, 2, 3, 4]);
    tf.dispose([network, other]);
  });

  it('refuses other names, shapes and types, and changes nothing', async () => {
    const [network, wide] = [variables([2, 2]), variables([2, 3])];
    tf.tidy(() => wide.bias.assign(tf.ones([2])));
    const path = join(folder, 'wide.safetensors');
    await saveWeights(path, wide);
    const asked = `assignWeights('${path}')`;
    await expect(assignWeights(network, path)).rejects.toThrow(
      `${asked}: tensor 'weight' does not fit; got 'float32 [2, 3]', expected float32 [2, 2].`,
    );
    await expect(assignWeights({ bias: network.bias }, path)).rejects.toThrow(
      `${asked}: no variable takes this tensor of the file; got 'weight', expected bias.`,
    );
    await expect(assignWeights({ bias: network.bias, weights: network.weight }, path)).rejects.toThrow(
      `${asked}: the file has no tensor for this variable; got 'weights', expected bias, weight. Did you mean 'weight'?`,
    );
    expect([...(await network.bias.data())]).toEqual([0, 0]);
    tf.dispose([network, wide]);
  });
});
