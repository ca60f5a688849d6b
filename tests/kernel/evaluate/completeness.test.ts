import typescript from 'typescript';
import { expect, it } from 'vitest';
import { completeness } from '../../../kernel/evaluate/completeness.js';

const status = (source: string) => completeness(typescript as never, source);

it.each(['1', '', 'let a = 1', 'function f() {\n  return 1\n}', 'if (a) {\n\n', 'const s = "{"'])(
  'complete: %j',
  (source) => {
    expect(status(source)).toEqual({ status: 'complete' });
  },
);

it.each([
  ['function f() {', '  '],
  ['  const a = [', '    '],
  ['f(1,', ''],
  ['`open', ''],
  ['/* open', ''],
  ['if (a) {\n  b(', '    '],
])('incomplete: %j goes on at %j', (source, indent) => {
  expect(status(source)).toEqual({ status: 'incomplete', indent });
});

it.each(['let a = 7q', 'const = 3', ')', '} 1'])('invalid: %j', (source) => {
  expect(status(source)).toEqual({ status: 'invalid' });
});
