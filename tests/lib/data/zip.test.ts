import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { npz } from '../../../lib/bench/npz.js';
import { parseNpy, readNpz } from '../../../lib/data/npz.js';
import { readZip } from '../../../lib/data/zip.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'dpbench-zip-'))));

const file = async (name: string, bytes: Uint8Array): Promise<string> => {
  await writeFile(join(folder, name), bytes);
  return join(folder, name);
};

const text = new TextEncoder().encode('abcdefgh'.repeat(20));

describe('zip files', () => {
  it('give the files that are wanted, stored and packed', async () => {
    const zip = await file('ok.zip', zipSync({ 'a.txt': text, 'b.txt': [text, { level: 0 }], c: text }));
    const files = await readZip(zip, (name) => name.endsWith('.txt'));
    expect([...files.keys()]).toEqual(['a.txt', 'b.txt']);
    for (const bytes of files.values()) expect(Uint8Array.from(bytes)).toEqual(text);
  });

  it('that are cut, changed, absent or something else are refused', async () => {
    const whole = zipSync({ 'a.txt': [text, { level: 0 }] });
    const changed = Uint8Array.from(whole);
    changed[40]! ^= 1; // inside the stored text
    await expect(readZip(await file('changed.zip', changed), () => true)).rejects.toThrow(
      'the archive cannot be read: the checksum of a.txt is another; expected a whole zip file. Get the file again.',
    );
    for (const [name, bytes] of [
      ['cut.zip', whole.subarray(0, 100)],
      ['text.zip', text],
      ['empty.zip', new Uint8Array()],
    ] as const)
      await expect(readZip(await file(name, bytes), () => true)).rejects.toThrow('the archive cannot be read: ');
    await expect(readZip(join(folder, 'absent.zip'), () => true)).rejects.toThrow('ENOENT');
  });
});

describe('npz files', () => {
  const six = Uint8Array.of(1, 2, 3, 4, 5, 6);

  it('give an array of bytes', async () => {
    const path = await file('six.npz', npz({ arr_0: { data: six, shape: [2, 3] }, b: { data: six, shape: [6] } }));
    expect(await readNpz(path)).toEqual({ type: '|u1', shape: [2, 3], data: six });
    expect(await readNpz(path, 'b')).toEqual({ type: '|u1', shape: [6], data: six });
    await expect(readNpz(path, 'c')).rejects.toThrow("the archive has no such array; got 'c'");
  });

  it('as NumPy writes them, in format 1 and 2', () => {
    // numpy 2: np.lib.format.write_array(f, np.array([7, 8, 9], 'u1'), version=(1, 0)); the same with (2, 0)
    const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }";
    const one = Buffer.from(`\x93NUMPY\x01\x00v\x00${header.padEnd(117)}\n\x07\x08\x09`, 'latin1');
    const two = Buffer.from(`\x93NUMPY\x02\x00t\x00\x00\x00${header.padEnd(115)}\n\x07\x08\x09`, 'latin1');
    for (const bytes of [one, two])
      expect(parseNpy('a', bytes)).toEqual({ type: '|u1', shape: [3], data: Uint8Array.of(7, 8, 9) });
  });

  it('give numbers of every type, wherever they lie in the file', () => {
    // numpy 2: np.lib.format.write_array(f, np.array(values, type), version=(1, 0)), little-endian
    const of = (type: string, numbers: Uint8Array) => {
      const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (2,), }`.padEnd(117);
      const start = Buffer.from(`?\x93NUMPY\x01\x00v\x00${header}\n`, 'latin1'); // at an odd place
      return parseNpy('a', Buffer.concat([start, numbers]).subarray(1)).data;
    };
    const bytes = (values: { buffer: ArrayBufferLike }) => new Uint8Array(values.buffer);
    expect([...of('<f4', bytes(Float32Array.of(0.5, -2)))]).toEqual([0.5, -2]);
    expect([...of('<f8', bytes(Float64Array.of(0.1, 1e300)))]).toEqual([0.1, 1e300]);
    expect([...of('<i8', bytes(BigInt64Array.of(-7n, 9n)))]).toEqual([-7n, 9n]);
    expect([...of('<i4', bytes(Int32Array.of(-70000, 9)))]).toEqual([-70000, 9]);
    expect(() => of('>f4', bytes(Float32Array.of(1, 2)))).toThrow('a: not an array of the expected type in C order');
  });

  it('that are cut or of another type are refused', async () => {
    const floats = await file('floats.npz', npz({ arr_0: { data: new Float32Array(2), shape: [2] } }));
    await expect(readNpz(floats)).rejects.toThrow(
      /not an array of the expected type in C order; got .*<f4.*expected 'descr' one of \|u1/,
    );
    const wrong = await file('wrong.npz', npz({ arr_0: { data: six, shape: [7] } }));
    await expect(readNpz(wrong)).rejects.toThrow('the array is cut or too long; got 6, expected 7 bytes for [7]');
    expect(() => parseNpy('a', Buffer.from('no numbers at all'))).toThrow(
      "a: not a .npy file; got 'no num', expected \\x93NUMPY",
    );
  });
});
