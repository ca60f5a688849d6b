import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { DataError, OptionError } from '../../core/errors.js';
import type { Tensor } from '../types.js';
import { metadataName } from './header.js';

/** Element types that are written, in the order of the file: the widest first, so that each lies on its own multiple. */
const written: Readonly<Record<string, string>> = { float32: 'F32', int32: 'I32', bool: 'BOOL' };

/**
 * Writes named tensors as a safetensors file, byte for byte what Python's `safetensors` writes. The file is made beside and
 * renamed at the end: `path` is whole, old or absent, never half. The values are those at the time of the call.
 *
 * @param metadata text to keep in the file, by name.
 * @throws OptionError for a tensor of a type other than float32, int32, bool, or a name that the format reserves; DataError
 * when the file cannot be written.
 * @example await saveWeights('model.safetensors', network.parameters, { step: '200' });
 */
export async function saveWeights(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const asked = `saveWeights('${path}')`;
  const order = Object.keys(written);
  const named = Object.entries(tensors).map(([name, tensor]) => {
    if (name === metadataName)
      throw new OptionError({ asked, wrong: 'the format keeps this name for itself', got: name });
    if (!(tensor.dtype in written))
      throw new OptionError({
        asked,
        wrong: `tensor '${name}' has a type that is not written`,
        got: tensor.dtype,
        expected: order.join(', '),
      });
    return { name, tensor, key: Buffer.from(name) };
  });
  named.sort((a, b) => order.indexOf(a.tensor.dtype) - order.indexOf(b.tensor.dtype) || Buffer.compare(a.key, b.key));
  // All reads begin before the first is waited for: a step of training between two of them would mix two states.
  const values = await Promise.all(named.map(({ tensor }) => tensor.data()));
  // TensorFlow runs on little-endian machines only: the bytes in memory are those of the format.
  const data = values.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
  await writeWhole(asked, path, [headerBytes(named, data, metadata), ...data]);
}

function headerBytes(
  named: readonly { name: string; tensor: Tensor }[],
  data: readonly Uint8Array[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  let at = 0;
  const entries = named.map(({ name, tensor: { dtype, shape } }, i): [string, object] => {
    const start = at;
    at += data[i]!.byteLength;
    return [name, { dtype: written[dtype], shape, data_offsets: [start, at] }];
  });
  if (Object.keys(metadata).length > 0) entries.unshift([metadataName, metadata]);
  // Not JSON of one object: an object would move names that look like whole numbers to the front.
  const json = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
  const length = Math.ceil(Buffer.byteLength(json) / 8) * 8;
  const bytes = Buffer.alloc(8 + length, ' ');
  bytes.writeBigUInt64LE(BigInt(length));
  bytes.write(json, 8);
  return bytes;
}

/** Writes beside and renames, after the bytes have reached the disk. */
async function writeWhole(asked: string, path: string, parts: readonly Uint8Array[]): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    const file = await open(partial, 'wx');
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw new DataError(
      {
        asked,
        wrong: `the file cannot be written: ${(error as Error).message}`,
        next: 'Give a path in a folder that exists.',
      },
      { cause: error },
    );
  }
}
