import { expect, it } from 'vitest';
import { LastOpened } from '../../../lib/bench/last-opened.js';

it('gives the same again for two keys, forgets the oldest, and keeps no failure', async () => {
  const kept = new LastOpened<number>();
  let opened = 0;
  const open = async (key: string) => kept.keep(key, async () => ++opened);
  expect([await open('a'), await open('b'), await open('a')]).toEqual([1, 2, 1]);
  expect([await open('c'), await open('a'), await open('b')]).toEqual([3, 1, 4]); // b was the oldest
  await expect(kept.keep('d', () => Promise.reject(new Error('absent')))).rejects.toThrow('absent');
  expect(await open('d')).toBe(5);
  kept.clear();
  expect(await open('d')).toBe(6);
});
