import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { CellLines } from '../../../kernel/output/cell-lines.js';
import { errorReport } from '../../../kernel/output/error-report.js';

const lines = new CellLines();
const plain = (text: readonly string[]) => stripVTControlCharacters(text.join('\n'));

it('reports values that are no errors', () => {
  expect(errorReport({ a: 1 }, lines)).toMatchObject({ ename: 'Thrown', evalue: '{ a: 1 }' });
  expect(errorReport(undefined, lines).evalue).toBe('undefined');
});

it('reports causes and the parts of an aggregate, to an end', () => {
  const error = new Error('outer', { cause: new RangeError('inner') });
  expect(plain(errorReport(error, lines).traceback)).toMatch(/Error: outer[^]*caused by:\nRangeError: inner/);
  const many = new AggregateError([new Error('one'), new Error('two')], 'all failed');
  expect(plain(errorReport(many, lines).traceback)).toMatch(/all failed[^]*one of:\nError: one[^]*one of:\nError: two/);
  const loop = new Error('loop');
  loop.cause = loop;
  expect(errorReport(loop, lines).traceback.filter((line) => line.includes('loop'))).toHaveLength(6);
});

it('takes control characters out that could move the cursor or hide a link', () => {
  const { evalue } = errorReport(new Error('a\u001b]8;;http://x\u0007b\u001b[2Jc\u0000d\u001b[31me'), lines);
  expect(evalue).toBe('a]8;;http://xb[2Jcd\u001b[31me');
});

it('takes what is thrown by a program of another realm for an error', () => {
  expect(errorReport({ name: 'Odd', message: 'm', stack: 'Odd: m' }, lines)).toMatchObject({
    ename: 'Odd',
    evalue: 'm',
  });
});
