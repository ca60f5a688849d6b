import { afterEach, expect, it } from 'vitest';
import { ConverterThread } from '../../../kernel/evaluate/converter-thread.js';

/** A converter that remembers each cell, and whose thread ends with an error when a cell says so. */
const script = `
  import { parentPort, workerData } from 'node:worker_threads';
  let { declarations } = workerData;
  parentPort.on('message', ({ id, method, values: [source] }) => {
    if (source === 'crash') throw new Error('out of memory');
    if (source === 'fail') return parentPort.postMessage({ id, failure: 'cannot' });
    if (method === 'convert') declarations += source + ';';
    parentPort.postMessage({ id, value: declarations, declarations });
  });`;

let thread: ConverterThread;
afterEach(() => thread.close());

const start = (text = script) =>
  (thread = new ConverterThread(new URL(`data:text/javascript,${encodeURIComponent(text)}`)));

it('answers each call with its own answer', async () => {
  start();
  const all = await Promise.all([
    thread.convert('a', 'Cell 1', true),
    thread.isComplete('x'),
    thread.convert('b', 'Cell 2', true),
  ]);
  expect(all).toEqual(['a;', 'a;', 'a;b;']);
  await expect(thread.isComplete('fail')).rejects.toThrow('cannot');
});

it('replaces a thread that failed by one that knows the same names', async () => {
  start();
  await thread.convert('a', 'Cell 1', true);
  const lost = thread.isComplete('x');
  expect(await thread.convert('crash', 'Cell 2', true)).toEqual({
    error: { ename: 'ConverterError', evalue: 'out of memory', traceback: ['ConverterError: out of memory'] },
  });
  expect(await lost).toBe('a;');
  expect(await thread.convert('b', 'Cell 3', true)).toBe('a;b;');
});

it('says so each time when no thread comes up', async () => {
  start('throw new Error("no converter")');
  for (let i = 0; i < 2; i++) {
    expect(await thread.convert('a', 'Cell 1', true)).toMatchObject({ error: { evalue: 'no converter' } });
  }
});
