import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../core/errors.js';
import { ProgressTask } from '../core/progress.js';
import { cacheFolder } from '../tensor/index.js';

/** A file that its authors have published once for all: weights, a vocabulary. */
export interface PublishedFile {
  /** Its name in the folders of weights. */
  readonly name: string;
  /** What it is, for messages: `weights of the FID Inception network`. */
  readonly title: string;
  readonly url: string;
  /** SHA-256 in hex: all 64 digits, or the first 8 or more where no more is published (PyTorch's file names have 8). */
  readonly sha256: string;
  /** Its size, when that is known: a download of another length is refused without waiting for its end. */
  readonly bytes?: number;
}

/** Where published files are looked for, in this order: `$DPBENCH_DATA/weights`, then `weights` in the cache. */
function weightFolders(): string[] {
  const data = process.env['DPBENCH_DATA'];
  return [...(data ? [join(data, 'weights')] : []), join(cacheFolder(), 'weights')];
}

/** The path of a published file that is on this machine; its checksum is looked at by `publishedFile`. */
export function findPublishedFile({ name }: Pick<PublishedFile, 'name'>): string | undefined {
  return weightFolders()
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/**
 * The path of a published file: found on this machine (see `weightFolders`), else downloaded into the cache. The download is
 * made beside and renamed after its checksum was right: a half file is never found. With `DPBENCH_OFFLINE=1` nothing is
 * downloaded.
 *
 * @throws DataError when the file is neither here nor to be had, with its address and the folder to put it in; when its
 * checksum is another one, in which case nothing of a download is kept. Whatever the signal was aborted with.
 * @example
 * const sha256 = '6726825d';
 * const path = await publishedFile({ name: 'inception-6726825d.pth', title: 'weights of Inception', url: 'https://…', sha256 });
 */
export async function publishedFile(file: PublishedFile & { readonly signal?: AbortSignal }): Promise<string> {
  const { title, sha256, signal } = file;
  if (!/^[0-9a-f]{8,64}$/.test(sha256))
    throw new DataError({ asked: title, wrong: 'no SHA-256', got: sha256, expected: '8 to 64 hex digits' });
  const found = findPublishedFile(file);
  if (found === undefined) return download(file);
  const checksum = await checksumOf(found, signal);
  if (checksum.startsWith(sha256)) return found;
  throw new DataError({
    asked: title,
    wrong: `${found} is damaged or another file`,
    got: checksum,
    expected: `a file whose SHA-256 begins with ${sha256}`,
    next: 'Delete it; it is then downloaded again.',
  });
}

async function checksumOf(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const block of createReadStream(path, { highWaterMark: 1 << 20 })) {
    signal?.throwIfAborted();
    hash.update(block as Buffer);
  }
  return hash.digest('hex');
}

async function download(file: PublishedFile & { readonly signal?: AbortSignal }): Promise<string> {
  const { name, sha256 } = file;
  if (process.env['DPBENCH_OFFLINE'] === '1') throw notToBeHad(file, 'DPBENCH_OFFLINE=1 forbids to download it');
  const body = await openDownload(file);
  const folder = join(cacheFolder(), 'weights');
  const partial = join(folder, `${name}.${randomUUID()}.partial`);
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(partial, 'wx');
    const checksum = await receive(file, body, handle).finally(() => handle.close());
    if (!checksum.startsWith(sha256))
      throw new DataError({
        asked: file.title,
        wrong: `${file.url} gave another file; nothing of it is kept`,
        got: checksum,
        expected: `a file whose SHA-256 begins with ${sha256}`,
        next: 'Try again; if it stays so, something between here and there changes what is sent.',
      });
    await rename(partial, join(folder, name));
    return join(folder, name);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

interface Body {
  readonly chunks: ReadableStream<Uint8Array>;
  readonly bytes: number | undefined;
}

async function openDownload(file: PublishedFile & { readonly signal?: AbortSignal }): Promise<Body> {
  const { url, signal } = file;
  const response = await fetch(url, { signal: signal ?? null }).catch((error: unknown) => {
    throw signal?.aborted ? signal.reason : notToBeHad(file, `the download fails (${reason(error)})`, error);
  });
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw notToBeHad(file, `its address answers ${response.status} ${response.statusText}`.trimEnd());
  }
  const length = Number(response.headers.get('content-length') ?? NaN);
  // A compressed answer has the length of what is sent, not of the file.
  const plain = !response.headers.has('content-encoding') && Number.isFinite(length);
  return { chunks: response.body, bytes: plain ? length : undefined };
}

const megabyte = 1e6;

/** Writes what comes to the file and gives its SHA-256. */
async function receive(
  file: PublishedFile & { readonly signal?: AbortSignal },
  { chunks, bytes: announced }: Body,
  handle: FileHandle,
): Promise<string> {
  const { title, bytes = announced, signal } = file;
  const task = new ProgressTask(`downloading ${title}, MB`, Math.max(1, Math.ceil((bytes ?? 0) / megabyte)), signal);
  const hash = createHash('sha256');
  let at = 0;
  try {
    for await (const chunk of chunks) {
      at += chunk.byteLength;
      if (bytes !== undefined && at > bytes) break;
      hash.update(chunk);
      await handle.write(chunk);
      task.report({ step: Math.floor(at / megabyte) });
      await task.pause();
    }
  } catch (error) {
    throw signal?.aborted ? signal.reason : notToBeHad(file, `the download breaks off (${reason(error)})`, error);
  }
  if (bytes !== undefined && at !== bytes)
    throw notToBeHad(file, `the download has ${at > bytes ? 'more than' : `${at} instead of`} ${bytes} bytes`);
  await handle.sync();
  task.done();
  return hash.digest('hex');
}

/** What went wrong on the net: `fetch failed` says nothing, its cause does. */
function reason(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}

function notToBeHad(file: PublishedFile, why: string, cause?: unknown): DataError {
  const { title, name, url } = file;
  return new DataError(
    {
      asked: title,
      wrong: `${name} is not on this machine, and ${why}`,
      expected: `the file of ${url} in ${weightFolders().join(' or ')}`,
      next: 'Download it wherever there is a connection and put it there under that name.',
    },
    { cause },
  );
}
