import { parseHeader } from './header.js';
import { cutOff, maxHeaderBytes, readBytes, type Source, type WeightFile } from './weight-file.js';

/**
 * Whether a file that begins so is safetensors: a length of eight bytes, then the brace of the header. No other format of
 * weights has a brace there.
 */
export function isSafetensors(start: Buffer): boolean {
  return start[8] === 0x7b && start.readBigUInt64LE() <= BigInt(maxHeaderBytes);
}

/** @throws DataError when the header is wrong or the file is cut off. */
export async function openSafetensors(source: Source): Promise<WeightFile> {
  const length = Number((await readBytes(source, 0, 8)).readBigUInt64LE());
  const dataAt = 8 + length;
  if (dataAt > source.size) throw cutOff(source, dataAt, 'inside its header');
  const text = (await readBytes(source, 8, length)).toString();
  const { entries, metadata } = parseHeader(source.problem, text, source.size - dataAt);
  return {
    entries: entries.map(({ name, dtype, shape, start, end }) => ({
      name,
      dtype,
      shape,
      bytes: () => readBytes(source, dataAt + start, end - start),
    })),
    metadata,
  };
}
