import { compileFunction } from 'node:vm';
import typescript from 'typescript';
import { expect, it } from 'vitest';
import { shareBindings } from '../../../kernel/evaluate/live-bindings.js';

const share = (output: string) => shareBindings(typescript as never, output);

/** Runs compiled cells one after the other on one `exports`, as the kernel does. */
function run(...cells: string[]): Record<string, unknown> {
  const exports: Record<string, unknown> = {};
  for (const cell of cells) (compileFunction(share(cell), ['exports']) as (scope: object) => void)(exports);
  return exports;
}

it('an assignment of a later cell reaches the variable of an earlier one, and back', () => {
  const first =
    'exports.inc = exports.n = void 0;\nlet n = 1;\nexports.n = n;\nfunction inc() { exports.n = n += 1; }\nexports.inc = inc;';
  const exports = run(first, 'exports.n = 10; exports.inc();');
  expect(exports.n).toBe(11);
});

it('a later cell may declare a name again, as another kind', () => {
  expect(
    run('exports.a = void 0;\nlet a = 1;\nexports.a = a;', 'exports.a = void 0;\nconst a = 2;\nexports.a = a;').a,
  ).toBe(2);
});

it('finds variables in patterns and in blocks, not in functions', () => {
  const output = share(
    'exports.a = exports.b = exports.c = exports.d = void 0;\nlet { a, x: [b] } = o; { var c = 1; } function d() { var z; }',
  );
  const accessors = [...output.matchAll(/defineProperty\(exports,"(\w)"/g)].map((match) => match[1]);
  expect(accessors).toEqual(['a', 'b', 'c']);
  expect(output).toContain('delete exports.d;');
});

it('keeps the lines where they are', () => {
  const cell = '"use strict";\nexports.a = void 0;\nlet a = 1;\nexports.a = a;';
  expect(share(cell).split('\n')).toHaveLength(4);
  expect(share('1 + 1')).toBe('1 + 1');
});
