import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { onProgress, type TimedReport } from '../../../lib/core/progress.js';
import { findPublishedFile, publishedFile } from '../../../lib/data/published-file.js';

const content = Buffer.from(Array.from({ length: 3_500_000 }, (_, i) => (i * 7) & 255));
const checksum = createHash('sha256').update(content).digest('hex');

let root: string;
let server: ReturnType<typeof createServer>;
let answer: RequestListener;
let requests: number;
let url: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dpbench-published-'));
  vi.stubEnv('DPBENCH_CACHE', join(root, 'cache'));
  vi.stubEnv('DPBENCH_DATA', join(root, 'data'));
  vi.stubEnv('DPBENCH_OFFLINE', '');
  requests = 0;
  answer = (_, response) => response.end(content);
  server = createServer((request, response) => {
    requests++;
    answer(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/net.pth`;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
  await rm(root, { recursive: true, force: true });
});

const file = (change = {}) => ({ name: 'net.pth', title: 'weights of a net', url, sha256: checksum, ...change });
const inCache = () => readdir(join(root, 'cache', 'weights')).catch(() => []);

describe('publishedFile', () => {
  it('downloads once, into the cache', async () => {
    expect(findPublishedFile(file())).toBeUndefined();
    const path = await publishedFile(file({ bytes: content.length, sha256: checksum.slice(0, 8) }));
    expect(path).toBe(join(root, 'cache', 'weights', 'net.pth'));
    expect(findPublishedFile(file())).toBe(path);
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
    expect(await publishedFile(file())).toBe(path);
    expect(requests).toBe(1);
    expect(await inCache()).toEqual(['net.pth']);
  });

  it('tells how many megabytes have come', async () => {
    const reports: TimedReport[] = [];
    const stop = onProgress((report) => reports.push(report));
    await publishedFile(file()).finally(stop);
    expect(reports[0]).toMatchObject({ task: 'downloading weights of a net, MB', step: 0, steps: 4 });
    expect(reports.some(({ step, done }) => step > 0 && step < 4 && !done)).toBe(true);
    expect(reports.at(-1)).toMatchObject({ step: 4, steps: 4, done: true });
  });

  it('prefers the file in DPBENCH_DATA', async () => {
    await mkdir(join(root, 'data', 'weights'), { recursive: true });
    const path = join(root, 'data', 'weights', 'net.pth');
    await writeFile(path, content);
    expect(await publishedFile(file())).toBe(path);
    expect(requests).toBe(0);
  });

  it('refuses a file that is here and another one, and leaves it alone', async () => {
    await mkdir(join(root, 'data', 'weights'), { recursive: true });
    const path = join(root, 'data', 'weights', 'net.pth');
    await writeFile(path, 'other');
    const sha256 = createHash('sha256').update('other').digest('hex');
    await expect(publishedFile(file({ sha256: '01234567' }))).rejects.toThrow(
      `weights of a net: ${path} is damaged or another file; got '${sha256}', expected a file whose SHA-256 begins with ` +
        '01234567. Delete it; it is then downloaded again.',
    );
    expect(await readFile(path, 'utf8')).toBe('other');
    expect(requests).toBe(0);
  });

  it('keeps nothing of a download with a wrong checksum', async () => {
    await expect(publishedFile(file({ sha256: '01234567' }))).rejects.toThrow(
      `weights of a net: ${url} gave another file; nothing of it is kept; got '${checksum}', expected a file whose SHA-256 ` +
        'begins with 01234567. Try again; if it stays so, something between here and there changes what is sent.',
    );
    expect(await inCache()).toEqual([]);
  });

  it('never connects with DPBENCH_OFFLINE=1, and says where the file belongs', async () => {
    vi.stubEnv('DPBENCH_OFFLINE', '1');
    await expect(publishedFile(file())).rejects.toThrow(
      'weights of a net: net.pth is not on this machine, and DPBENCH_OFFLINE=1 forbids to download it; expected the file of ' +
        `${url} in ${join(root, 'data', 'weights')} or ${join(root, 'cache', 'weights')}. Download it wherever there is a ` +
        'connection and put it there under that name.',
    );
    expect(requests).toBe(0);
  });

  it('says what the server answered', async () => {
    answer = (_, response) => response.writeHead(404).end('nothing here');
    await expect(publishedFile(file())).rejects.toThrow(
      'net.pth is not on this machine, and its address answers 404 Not Found; expected the file of',
    );
  });

  it('says that there is no connection', async () => {
    server.close();
    server.closeAllConnections();
    await expect(publishedFile(file())).rejects.toThrow('and the download fails (ECONNREFUSED); expected the file of');
    expect(await inCache()).toEqual([]);
  });

  it('keeps nothing of a download that breaks off, or has another length', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 1000), () => response.destroy());
    };
    await expect(publishedFile(file())).rejects.toThrow(/and the download breaks off \([^)]+\); expected the file of/);
    answer = (_, response) => response.end(content);
    await expect(publishedFile(file({ bytes: 10 }))).rejects.toThrow('and the download has more than 10 bytes;');
    const bytes = content.length + 1;
    await expect(publishedFile(file({ bytes }))).rejects.toThrow(
      `and the download has ${content.length} instead of ${bytes} bytes;`,
    );
    expect(await inCache()).toEqual([]);
  });

  it('stops when it is aborted and keeps nothing', async () => {
    answer = (_, response) => {
      response.write(content.subarray(0, 2_000_000));
    };
    const controller = new AbortController();
    const stop = onProgress(({ task }) => {
      if (task.startsWith('downloading')) setTimeout(() => controller.abort(new Error('enough')), 30);
    });
    await expect(publishedFile({ ...file(), signal: controller.signal }).finally(stop)).rejects.toThrow('enough');
    expect(await inCache()).toEqual([]);
  });

  it('asks for a checksum', async () => {
    await expect(publishedFile(file({ sha256: 'abc' }))).rejects.toThrow(
      "weights of a net: no SHA-256; got 'abc', expected 8 to 64 hex digits",
    );
  });
});
