import { expect, it } from 'vitest';
import { readAll, SendQueue } from '../../../kernel/wire/socket.js';

it('sends one message after the other, and goes on after one that failed', async () => {
  const sent: string[] = [];
  let inFlight = 0;
  const queue = new SendQueue({
    async send([frame]) {
      expect(++inFlight).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      inFlight--;
      const text = Buffer.from(frame!).toString();
      if (text === '2') throw new Error('the peer is gone');
      sent.push(text);
    },
  });
  for (const text of ['1', '2', '3', '4']) queue.send([Buffer.from(text)]);
  await queue.drain();
  expect(sent).toEqual(['1', '3', '4']);
});

it('reads on after a message that made the reader throw', async () => {
  const frames = ['1', '2', '3'].map((text) => [Buffer.from(text)]);
  const source = {
    closed: false,
    async *[Symbol.asyncIterator]() {
      for (let next = frames.shift(); next; next = frames.shift()) yield await Promise.resolve(next);
      this.closed = true;
    },
  };
  const seen: string[] = [];
  await readAll(source, ([frame]) => {
    seen.push(Buffer.from(frame!).toString());
    if (seen.length === 1) throw new Error('bad message');
  });
  expect(seen).toEqual(['1', '2', '3']);
});
