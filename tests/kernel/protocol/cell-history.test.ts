import { expect, it } from 'vitest';
import { CellHistory } from '../../../kernel/protocol/cell-history.js';

function filled(): CellHistory {
  const history = new CellHistory();
  ['a = 1', 'b = 2', 'a = 1', '(x)?'].forEach((input, i) => history.add(i + 1, input));
  history.setOutput('out');
  return history;
}

const lines = (entries: { line: number }[]) => entries.map(({ line }) => line);

it('tells the last cells, with the output of the last', () => {
  expect(lines(filled().tail(2))).toEqual([3, 4]);
  expect(filled().tail(1)[0]!.output).toBe('out');
  expect(filled().tail(0)).toEqual([]);
});

it('tells a range of this session only, without its end', () => {
  expect(lines(filled().range(0, 2, 4))).toEqual([2, 3]);
  expect(filled().range(-1, 1, 9)).toEqual([]);
});

it('searches by pattern; other characters of regular expressions stand for themselves', () => {
  expect(lines(filled().search('a*', false))).toEqual([1, 3]);
  expect(lines(filled().search('a*', true))).toEqual([3]);
  expect(lines(filled().search('? = 2', false))).toEqual([2]);
  expect(lines(filled().search('(x)*', false))).toEqual([4]);
  expect(filled().search('=', false)).toEqual([]);
});
