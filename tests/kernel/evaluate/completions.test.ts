import { expect, it } from 'vitest';
import { chooseCompletions } from '../../../kernel/evaluate/completions.js';

const names = ['tensor', 'Tensor', 'zeros', 'tensor1d', 'toTensor'];
const choose = (typed: string) => chooseCompletions(names, typed, () => 'const').map(({ text }) => text);

it('takes names that start as typed, else in another case, else anywhere', () => {
  expect(choose('ten')).toEqual(['tensor', 'tensor1d']);
  expect(choose('TEN')).toEqual(['tensor', 'Tensor', 'tensor1d']);
  expect(choose('ensor1')).toEqual(['tensor1d']);
  expect(choose('qqq')).toEqual([]);
});

it('tells kinds in words of IPython, and unknown ones as they are', () => {
  const kinds: Record<string, string> = { tensor: 'local function', tensor1d: 'method' };
  expect(chooseCompletions(['tensor', 'tensor1d'], 'ten', (name) => kinds[name])).toEqual([
    { text: 'tensor', type: 'function' },
    { text: 'tensor1d', type: 'function' },
  ]);
  expect(chooseCompletions(['a'], '', () => 'enum member')).toEqual([{ text: 'a', type: 'enum member' }]);
});

it('names each name once, and not more than a front-end can show', () => {
  expect(chooseCompletions(['a', 'a'], '', () => undefined)).toHaveLength(1);
  const many = Array.from({ length: 5000 }, (_name, i) => `n${i}`);
  expect(chooseCompletions(many, 'n', () => undefined)).toHaveLength(2000);
});
