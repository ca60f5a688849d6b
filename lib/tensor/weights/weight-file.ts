import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { DataError, type Problem } from '../../core/errors.js';

/** One tensor of a file that is open. */
export interface StoredTensor {
  readonly name: string;
  /** A name of `elementTypes`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Its elements row by row, little-endian. Fastest when tensors are read in the order of the file. */
  readonly bytes: () => Promise<Uint8Array>;
}

/** What every format of weights is read as. */
export interface WeightFile {
  /** In the order of their bytes. */
  readonly entries: readonly StoredTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** An open file, and the error for what is wrong with it. */
export interface Source {
  readonly handle: FileHandle;
  readonly size: number;
  readonly problem: (wrong: string, more?: Partial<Problem>) => DataError;
}

/** The limit on what describes the tensors of a file: that of safetensors' own implementation. */
export const maxHeaderBytes = 100_000_000;

/** @throws DataError when the file is absent, or a folder. The caller closes the handle. */
export async function openSource(asked: string, path: string): Promise<Source> {
  const problem = (wrong: string, more: Partial<Problem> = {}) => new DataError({ asked, wrong, ...more });
  try {
    const handle = await open(path, 'r');
    const stat = await handle.stat();
    if (stat.isFile()) return { handle, size: stat.size, problem };
    await handle.close();
  } catch (error) {
    throw new DataError({ asked, wrong: `the file cannot be read: ${(error as Error).message}` }, { cause: error });
  }
  throw problem('this is a folder or a device, not a file');
}

/** Bytes of the file; it is refused as cut off when they are not all there. Nothing is reserved beyond its size. */
export async function readBytes(source: Source, position: number, length: number): Promise<Buffer> {
  if (position + length > source.size) throw cutOff(source, position + length);
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await source.handle.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw cutOff(source, position + length);
    at += bytesRead;
  }
  return bytes;
}

export function cutOff({ size, problem }: Source, needed: number, where = 'early'): DataError {
  return problem(`the file ends ${where}, as if it had been cut off`, {
    got: size,
    expected: `at least ${needed} bytes`,
    next: 'Copy or make it again.',
  });
}

/** SHA-256 of the whole file, in hex. */
export async function checksumOf({ handle, size }: Source): Promise<string> {
  const hash = createHash('sha256');
  const block = Buffer.alloc(Math.min(size, 1 << 20));
  for (let at = 0; at < size;) {
    const { bytesRead } = await handle.read(block, 0, block.length, at);
    if (bytesRead === 0) break;
    hash.update(block.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest('hex');
}
