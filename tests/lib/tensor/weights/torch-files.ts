import { crc32 } from 'node:zlib';

/** The bytes of text in which every character is one byte, as the opcodes of a pickle are. */
export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** A short text as a pickle has it. */
export const text = (value: string): string => `\x8c${String.fromCharCode(value.length)}${value}`;

/** The pickle of a storage of float32: `count` elements under `key`. */
export const storage = (key: string, count: number): string =>
  `(${text('storage')}ctorch\nFloatStorage\n${text(key)}${text('cpu')}I${count}\ntQ`;

/** The pickle of a tensor over a storage; shape and strides are opcodes of lists. */
export const tensor = (of: string, offset = 'K\0', shape = 'K\x01\x85', strides = 'K\x01\x85'): string =>
  `ctorch._utils\n_rebuild_tensor_v2\n(${of}${offset}${shape}${strides}\x89)tR`;

/** A pickle of a dict with one item. */
export const dictOf = (name: string, value: string): string => `\x80\x02}${text(name)}${value}s.`;

const preamble = '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.';

/** A file of the old layout, put together by hand. */
export function legacyFile(object: string, keys: readonly string[] = [], storages: readonly number[][] = []): Buffer {
  const machine = `\x80\x02}${text('little_endian')}\x88s.`;
  const list = `\x80\x02](${keys.map(text).join('')}e.`;
  const data = storages.map((values) => {
    const count = Buffer.alloc(8);
    count.writeBigInt64LE(BigInt(values.length));
    return Buffer.concat([count, Buffer.from(new Float32Array(values).buffer)]);
  });
  return Buffer.concat([bytes(preamble + machine + object + list), ...data]);
}

export interface ZipRecord {
  readonly name: string;
  readonly data: Buffer;
  /** Of the compression. */
  readonly method?: number;
  readonly crc?: number;
  /** The record lies where this earlier one does. */
  readonly sameAs?: number;
}

/** A zip of uncompressed records, put together by hand. */
export function zipFile(records: readonly ZipRecord[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  const starts: number[] = [];
  let at = 0;
  for (const { name, data, method = 0, crc = crc32(data), sameAs } of records) {
    // What both headers have: version, flags, method, time and date, checksum, sizes, length of the name and of the rest.
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(method, 4);
    shared.writeUInt32LE(crc, 10);
    shared.writeUInt32LE(data.length, 14);
    shared.writeUInt32LE(data.length, 18);
    shared.writeUInt16LE(name.length, 22);
    const start = sameAs === undefined ? at : starts[sameAs]!;
    starts.push(start);
    const end = Buffer.alloc(14);
    end.writeUInt32LE(start, 10);
    directory.push(bytes('PK\x01\x02\x14\0'), shared, end, bytes(name));
    if (sameAs !== undefined) continue;
    const local = [bytes('PK\x03\x04'), shared, bytes(name), data];
    parts.push(...local);
    at += local.reduce((sum, part) => sum + part.length, 0);
  }
  const last = Buffer.alloc(22);
  last.write('PK\x05\x06', 'latin1');
  last.writeUInt16LE(records.length, 8);
  last.writeUInt16LE(records.length, 10);
  last.writeUInt32LE(Buffer.concat(directory).length, 12);
  last.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, last]);
}
