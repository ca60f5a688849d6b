import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { StreamCoalescer } from '../../../kernel/output/streams.js';

let sent: [number, string, string][];
let streams: StreamCoalescer;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  streams = new StreamCoalescer((owner, name, text) => sent.push([owner, name, text]));
});
afterEach(() => vi.useRealTimers());

it('joins small pieces for 50 ms', () => {
  for (const text of ['a', 'b', '', 'c']) streams.write(1, 'stdout', text);
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(50);
  expect(sent).toEqual([[1, 'stdout', 'abc']]);
});

it('keeps the order between streams and between cells', () => {
  streams.write(1, 'stdout', 'a');
  streams.write(1, 'stderr', 'b');
  streams.write(2, 'stderr', 'c');
  streams.flush();
  expect(sent).toEqual([
    [1, 'stdout', 'a'],
    [1, 'stderr', 'b'],
    [2, 'stderr', 'c'],
  ]);
});

it('does not wait with much text', () => {
  streams.write(1, 'stdout', 'x'.repeat(8192));
  expect(sent).toHaveLength(1);
});

it('leaves out what a cell prints beyond 64 MB, and says so once', () => {
  const block = 'x'.repeat(1024 * 1024);
  for (let i = 0; i < 70; i++) streams.write(1, 'stdout', block);
  streams.flush();
  const text = sent.map(([, , part]) => part).join('');
  expect(text.length).toBeLessThan(65 * 1024 * 1024);
  expect(text.endsWith('… the rest of what this cell prints is left out\n')).toBe(true);
  streams.write(2, 'stdout', 'next cell');
  streams.flush();
  expect(sent.at(-1)).toEqual([2, 'stdout', 'next cell']);
});
