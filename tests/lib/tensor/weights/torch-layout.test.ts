import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError, DpbenchError } from '../../../../lib/core/errors.js';
import { setupEngine, tf } from '../../../../lib/tensor/index.js';
import { loadWeights } from '../../../../lib/tensor/weights/load-weights.js';
import { bytes, dictOf, legacyFile, storage, tensor, text, zipFile, type ZipRecord } from './torch-files.js';

interface Golden {
  small: Record<'zip' | 'legacy', string>;
  refusedZip: string;
}

let golden: Golden;
let folder: string;
let before: number;

beforeAll(async () => {
  await setupEngine();
  golden = JSON.parse(await readFile('tests/golden/torch-weights.json', 'utf8')) as Golden;
  folder = await mkdtemp(join(tmpdir(), 'dpbench-torch-layout-'));
  before = tf.memory().numTensors;
});
// Every test disposes what it got, and no refusal leaves a tensor behind.
afterAll(async () => {
  expect(tf.memory().numTensors).toBe(before);
  await rm(folder, { recursive: true });
});

async function load(file: Buffer): Promise<number[]> {
  const path = join(folder, 'weights.pth');
  await writeFile(path, file);
  const { tensors } = await loadWeights(path);
  const values = await tensors['w']?.data();
  tf.dispose(tensors);
  return [...(values ?? [])];
}

async function refusal(file: Buffer): Promise<string> {
  try {
    await load(file);
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    return (error as DataError).message.replace(/^loadWeights\('.*weights\.pth'\): /, '');
  }
  return 'not refused';
}

const two = 'K\x02\x85';
const pickle = dictOf('w', tensor(storage('0', 2), 'K\0', two));
const values = Buffer.from(new Float32Array([3, 4]).buffer);

describe.each(['zip', 'legacy'] as const)('%s', (layout) => {
  it('cut off at any byte is a DataError', async () => {
    const whole = Buffer.from(golden.small[layout], 'base64');
    expect(whole.length).toBeGreaterThan(400);
    for (let length = 0; length < whole.length; length++)
      expect(await refusal(whole.subarray(0, length)), `${length} bytes`).not.toBe('not refused');
  });

  it('with any byte changed is read or refused, never worse', async () => {
    const whole = Buffer.from(golden.small[layout], 'base64');
    let refused = 0;
    for (let i = 0; i < whole.length; i++) {
      const changed = Buffer.from(whole);
      changed[i]! ^= 1 << (i % 8);
      try {
        await load(changed);
      } catch (error) {
        // OptionError cannot come: nothing was asked for.
        expect(error, `byte ${i}`).toBeInstanceOf(DpbenchError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});

describe('the zip', () => {
  const records = (more: readonly ZipRecord[] = [], object = pickle): ZipRecord[] => [
    { name: 'a/data.pkl', data: bytes(object) },
    { name: 'a/data/0', data: values },
    ...more,
  ];

  it('is read, also without its version and byte order', async () => {
    expect(await load(zipFile(records()))).toEqual([3, 4]);
  });

  it('refuses by name what could run', async () => {
    expect(await refusal(Buffer.from(golden.refusedZip, 'base64'))).toContain(
      "other than tensors, and nothing of it was executed; got 'posix.system'",
    );
  });

  it('of anything else is refused', async () => {
    const npz = zipFile([{ name: 'arr_0.npy', data: values }]);
    expect(await refusal(npz)).toBe(
      "is a zip, but not one of PyTorch; got 'arr_0.npy', expected one data.pkl in a folder.",
    );
    expect(await refusal(zipFile(records([{ name: 'b/data.pkl', data: bytes(pickle) }])))).toContain(
      'not one of PyTorch',
    );
    const version = (data: string) => refusal(zipFile(records([{ name: 'a/version', data: bytes(data) }])));
    expect(await version('3\n')).toBe('not refused');
    for (const unknown of ['11\n', '0', 'x', ''])
      expect(await version(unknown)).toBe(
        `the file has a version that is not known; got '${unknown}', expected 1 to 10.`,
      );
    expect(await version('1'.repeat(17))).toBe('record version is too long; got 17.');
    expect(await refusal(zipFile(records([{ name: 'a/byteorder', data: bytes('big') }])))).toBe(
      "the file was not saved little-endian; got 'big', expected little.",
    );
  });

  it('whose directory is said to lie beyond 2^53 is refused, not thrown outside', async () => {
    const file = Buffer.from(golden.small.zip, 'base64');
    // The locator of the zip64 directory has its offset after 8 bytes.
    file.writeBigUInt64LE(2n ** 58n, file.indexOf('PK\x06\x07') + 8);
    expect(await refusal(file)).toMatch(
      /^the file ends early, as if it had been cut off; got \d+, expected at least 2882/,
    );
  });

  it('with damaged records is refused', async () => {
    const [object, data] = records() as [ZipRecord, ZipRecord];
    expect(await refusal(zipFile([object]))).toBe('a record is missing in the zip; expected data/0.');
    expect(await refusal(zipFile([object, data, data]))).toBe(
      'the zip cannot be read: two records have one name; expected a whole file. Copy or make it again.',
    );
    expect(await refusal(zipFile([object, { ...data, crc: 1 }]))).toBe(
      "the checksum of a record is another: the file is damaged; got 'data/0'. Copy or make it again.",
    );
    expect(await refusal(zipFile([object, { ...data, method: 8 }]))).toBe(
      "a record is compressed or encrypted, as PyTorch does not save it; got 'data/0'.",
    );
    expect(await refusal(zipFile([object, { ...data, data: values.subarray(4) }]))).toBe(
      "storage '0' has another size than its pickle says; got 4, expected 8 bytes.",
    );
  });

  it('whose records lie on each other, or whose pickle is too large, is refused', async () => {
    const large = Buffer.alloc(4000);
    const names = ['0', '1', '2', '3'];
    const items = names.map((key) => `${text(`w${key}`)}${tensor(storage(key, 1000))}s`).join('');
    const data = names.map((key, i) => ({ name: `a/data/${key}`, data: large, ...(i > 0 && { sameAs: 1 }) }));
    const object = { name: 'a/data.pkl', data: bytes(`\x80\x02}${items}.`) };
    const overlapping = zipFile([object, ...data]);
    expect(await refusal(overlapping)).toBe(`its records overlap; got '16000 bytes in ${overlapping.length}'.`);
    // One that says 4 GB in a file of a few hundred bytes: nothing of that size is reserved.
    const bomb = zipFile(records());
    const directory = bomb.indexOf('PK\x01\x02');
    bomb.writeUInt32LE(0xfffffff0, directory + 20);
    bomb.writeUInt32LE(0xfffffff0, directory + 24);
    expect(await refusal(bomb)).toBe('its pickle is too large; got 4294967280, expected 100000000 bytes.');
    bomb.writeUInt32LE(90_000_000, directory + 20);
    bomb.writeUInt32LE(90_000_000, directory + 24);
    expect(await refusal(bomb)).toMatch(
      /^the zip cannot be read: file data overflows file bounds: .* Copy or make it again\.$/,
    );
  });
});

describe('the old layout', () => {
  it('is read, also with storages of which a tensor takes a part', async () => {
    expect(await load(legacyFile(pickle, ['0'], [[3, 4]]))).toEqual([3, 4]);
    expect(await load(legacyFile(dictOf('w', tensor(storage('0', 2), 'K\x01')), ['0'], [[3, 4]]))).toEqual([4]);
  });

  it('of anything else is refused', async () => {
    expect(await refusal(bytes('\x80\x02K\x01.'))).toBe(
      'is a pickle, but not one of PyTorch; expected its magic number in front.',
    );
    const whole = legacyFile(pickle, ['0'], [[3, 4]]);
    const changed = Buffer.from(whole);
    changed[whole.indexOf(bytes('M\xe9\x03')) + 1]! ^= 1;
    expect(await refusal(changed)).toBe('the file has a version that is not known; expected 1001.');
    const big = Buffer.from(whole);
    big[whole.indexOf('little_endian') + 13] = 0x89;
    expect(await refusal(big)).toBe('the file was not saved little-endian; expected little-endian numbers.');
  });

  it('whose storages differ from its pickle is refused', async () => {
    const differs = 'the list of storages differs from the pickle.';
    expect(await refusal(legacyFile(pickle))).toBe(differs);
    expect(await refusal(legacyFile(pickle, ['1'], [[3, 4]]))).toBe(differs);
    expect(
      await refusal(
        legacyFile(
          pickle,
          ['0', '0'],
          [
            [3, 4],
            [3, 4],
          ],
        ),
      ),
    ).toBe(differs);
    expect(await refusal(legacyFile(pickle, ['0'], [[3, 4, 5]]))).toBe(
      "storage '0' has another size than its pickle says; got '3 of 4 bytes', expected 2.",
    );
    const more = Buffer.concat([legacyFile(pickle, ['0'], [[3, 4]]), Buffer.alloc(1)]);
    expect(await refusal(more)).toBe(
      `the file goes on after its last storage; got ${more.length}, expected ${more.length - 1} bytes.`,
    );
  });

  it('that announces 100 GB is refused before any is reserved', async () => {
    const count = 25_000_000_000;
    const object = dictOf(
      'w',
      tensor(`(${text('storage')}ctorch\nFloatStorage\n${text('0')}${text('cpu')}L${count}L\ntQ`),
    );
    const file = legacyFile(object, ['0'], [[1]]);
    file.writeBigInt64LE(BigInt(count), file.length - 12);
    expect(await refusal(file)).toBe(
      `the file ends early, as if it had been cut off; got ${file.length}, expected at least ${file.length - 4 + 4 * count} bytes. Copy or make it again.`,
    );
  });
});
