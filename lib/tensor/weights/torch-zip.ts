import { crc32 } from 'node:zlib';
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type ZipFile } from 'yauzl';
import { DpbenchError } from '../../core/errors.js';
import { readPickle } from './pickle.js';
import { stateDict } from './state-dict.js';
import type { Storage } from './torch-values.js';
import { maxHeaderBytes, readBytes, type Source, type WeightFile } from './weight-file.js';

export function isTorchZip(start: Buffer): boolean {
  return start.subarray(0, 4).toString('latin1') === 'PK\x03\x04';
}

/** The highest version of the layout that PyTorch 2.13 reads. */
const maxVersion = 10;

/**
 * What torch.save writes since PyTorch 1.6: a zip of uncompressed records in one folder, `data.pkl` with the pickle and
 * `data/<key>` with the elements of each storage.
 *
 * @throws DataError when the zip is damaged, not of PyTorch, or big-endian; and as `readPickle` and `stateDict`.
 */
export async function openTorchZip(asked: string, source: Source, at: string | undefined): Promise<WeightFile> {
  const { problem } = source;
  const records = await Records.open(source);
  const order = (await records.text('byteorder')) ?? 'little';
  if (order !== 'little') throw problem('the file was not saved little-endian', { got: order, expected: 'little' });
  const version = await records.text('version');
  const number = version === undefined ? 1 : /^\d+\n?$/.test(version) ? Number(version) : NaN;
  if (!(number >= 1 && number <= maxVersion))
    throw problem('the file has a version that is not known', { got: version, expected: `1 to ${maxVersion}` });
  if (records.sizeOf('data.pkl') > maxHeaderBytes)
    throw problem('its pickle is too large', { got: records.sizeOf('data.pkl'), expected: `${maxHeaderBytes} bytes` });
  const { value: root, storages } = readPickle(problem, await records.bytes('data.pkl'));
  let total = 0;
  for (const { key, byteLength } of storages.values()) {
    const size = records.sizeOf(`data/${key}`);
    if (size !== byteLength)
      throw problem(`storage '${key.slice(0, 40)}' has another size than its pickle says`, {
        got: size,
        expected: `${byteLength} bytes`,
      });
    total += size;
  }
  // Records that overlap could be read again and again.
  if (total > source.size) throw problem('its records overlap', { got: `${total} bytes in ${source.size}` });
  return stateDict(asked, source, { root, at, read: ({ key }: Storage) => records.bytes(`data/${key}`) });
}

/**
 * The bytes for yauzl. Its own reader of files throws where nobody can catch when a hostile offset is beyond 2^53. The handle
 * belongs to the source, so the zip is never closed.
 */
class Reader extends RandomAccessReader {
  constructor(private readonly source: Source) {
    super();
  }

  override read(...[buffer, offset, length, position, done]: Parameters<RandomAccessReader['read']>): void {
    void readBytes(this.source, position, length)
      .then(
        (bytes) => (bytes.copy(buffer, offset), null),
        (error: Error) => error,
      )
      .then(done);
  }
}

class Records {
  private constructor(
    private readonly source: Source,
    private readonly zip: ZipFile,
    private readonly entries: ReadonlyMap<string, Entry>,
    private readonly folder: string,
  ) {}

  static async open(source: Source): Promise<Records> {
    const entries = new Map<string, Entry>();
    const zip = await readable(source, () => fromRandomAccessReaderPromise(new Reader(source), source.size));
    await readable(source, async () => {
      for await (const entry of zip.eachEntry()) {
        if (entries.has(entry.fileName)) throw new Error('two records have one name');
        entries.set(entry.fileName, entry);
      }
    });
    const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
    if (pickles.length !== 1)
      throw source.problem('is a zip, but not one of PyTorch', {
        got: [...entries.keys()].slice(0, 4).join(', '),
        expected: 'one data.pkl in a folder',
      });
    return new Records(source, zip, entries, pickles[0]!.slice(0, -'data.pkl'.length));
  }

  private entry(name: string): Entry {
    const entry = this.entries.get(this.folder + name);
    if (!entry) throw this.source.problem('a record is missing in the zip', { expected: name.slice(0, 60) });
    return entry;
  }

  sizeOf(name: string): number {
    return this.entry(name).uncompressedSize;
  }

  /** A short record; undefined when it is absent, as in older files. */
  async text(name: string): Promise<string | undefined> {
    if (!this.entries.has(this.folder + name)) return undefined;
    if (this.sizeOf(name) > 16) throw this.source.problem(`record ${name} is too long`, { got: this.sizeOf(name) });
    return (await this.bytes(name)).toString();
  }

  /** PyTorch never compresses: a record takes as much of the file as of memory. */
  async bytes(name: string): Promise<Buffer> {
    const entry = this.entry(name);
    const { source, zip } = this;
    if (entry.compressionMethod !== 0 || entry.isEncrypted() || entry.compressedSize !== entry.uncompressedSize)
      throw source.problem('a record is compressed or encrypted, as PyTorch does not save it', { got: name });
    const header = await readable(source, () => zip.readLocalFileHeaderPromise(entry, { minimal: true }));
    const bytes = await readBytes(source, header.fileDataStart, entry.uncompressedSize);
    if (crc32(bytes) !== entry.crc32)
      throw source.problem('the checksum of a record is another: the file is damaged', {
        got: name,
        next: 'Copy or make it again.',
      });
    return bytes;
  }
}

async function readable<Result>({ problem }: Source, step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof DpbenchError) throw cause;
    const text = (cause as Error).message.replace(/\.$/, '');
    throw problem(`the zip cannot be read: ${text}`, { expected: 'a whole file', next: 'Copy or make it again.' });
  }
}
