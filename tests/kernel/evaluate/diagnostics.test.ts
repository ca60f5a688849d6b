import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { typescriptError } from '../../../kernel/evaluate/diagnostics.js';

const plain = (lines: readonly string[]) => lines.map(stripVTControlCharacters);
const at = (line: number, from: number, to: number, more = {}) => ({
  start: { line, character: from },
  end: { line, character: to },
  messageText: 'No.',
  code: 2322,
  ...more,
});

it('shows the line with a caret, and names the cell', () => {
  const report = typescriptError([at(1, 4, 5)], 'ok\nlet x = 1', 'Cell 3');
  expect(report.ename).toBe('TypeScriptError');
  expect(report.evalue).toBe('TS2322: No.');
  expect(plain(report.traceback)).toEqual([
    'TypeScriptError: TS2322: No.',
    'Cell 3, line 2 - TS2322: No.',
    '  let x = 1',
    '      ~',
  ]);
});

it('keeps tabs under tabs, and takes off what was put in front of the first line', () => {
  expect(plain(typescriptError([at(0, 13, 14)], '\tx', 'Cell 1', 12).traceback).slice(2)).toEqual(['  \tx', '  \t~']);
});

it('names errors of the grammar so, and the file where it is not the cell', () => {
  expect(typescriptError([at(0, 0, 1, { code: 1005 })], ';', 'Cell 1').ename).toBe('SyntaxError');
  expect(typescriptError([at(4, 0, 1, { fileName: 'a.ts' })], ';', 'Cell 1').traceback[1]).toBe(
    'a.ts, line 5 - TS2322: No.',
  );
});
