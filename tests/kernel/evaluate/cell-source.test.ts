import typescript from 'typescript';
import { expect, it } from 'vitest';
import { forTslab } from '../../../kernel/evaluate/cell-source.js';

const rewrite = (source: string) => forTslab(typescript as never, source);

it('blanks export in front of declarations, in place', () => {
  expect(rewrite('export const a = 1;\n  export async function f() {}').text).toBe(
    '       const a = 1;\n         async function f() {}',
  );
});

it('leaves the word alone where it is no modifier', () => {
  for (const source of ['`\nexport const a`', '// export let a', 'const o = { export: 1 }', 'export default 3']) {
    expect(rewrite(source)).toEqual({ text: source, shift: 0 });
  }
});

it('makes a top-level for await known as asynchronous, and says how far the first line moved', () => {
  const { text, shift } = rewrite('if (a) { for await (const b of c) {} }');
  expect(text.slice(shift)).toBe('if (a) { for await (const b of c) {} }');
  expect(text.slice(0, shift)).toBe('await null; ');
  expect(rewrite('async function f() { for await (const b of c) {} }').shift).toBe(0);
});
