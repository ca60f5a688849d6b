import { stripVTControlCharacters } from 'node:util';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CellModules } from '../../../kernel/evaluate/cell-modules.js';
import { CellRunner } from '../../../kernel/evaluate/cell-runner.js';
import { CellConverter } from '../../../kernel/evaluate/tslab-converter.js';
import { CellLines } from '../../../kernel/output/cell-lines.js';
import { errorReport } from '../../../kernel/output/error-report.js';

const folder = mkdtempSync(`${tmpdir()}/dpbench-runner-`);
const lines = new CellLines();
const runner = new CellRunner(new CellModules(folder));
let converter: CellConverter;
let count = 0;

beforeAll(() => {
  converter = new CellConverter({ globals: 'export {}', packages: {} });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Compiles and runs a cell; errors come as the front-end shows them. */
async function cell(source: string): Promise<unknown> {
  const label = `Cell ${++count}`;
  const conversion = converter.convert(source, label, true);
  if ('error' in conversion) throw new Error(plain(conversion.error.traceback));
  lines.add(label, source, conversion.code.maps);
  try {
    return await runner.run(conversion.code, label);
  } catch (error) {
    const { traceback } = errorReport(error, lines);
    // Below the cell stands this test, where a kernel would be.
    const last = traceback.findLastIndex((line) => line.includes('Cell '));
    throw new Error(plain(traceback.slice(0, last + 1)), { cause: error });
  }
}

const plain = (traceback: readonly string[]) => stripVTControlCharacters(traceback.join('\n'));

it('gives the value of the last expression, and nothing for a declaration', async () => {
  expect(await cell('1 + 1')).toBe(2);
  expect(await cell('const a = 1')).toBeUndefined();
  expect(await cell('await Promise.resolve(3)')).toBe(3);
  expect(await cell('({ a })')).toEqual({ a: 1 });
});

it('cells share variables, also through functions and after await', async () => {
  await cell('let n = 1; const inc = () => { n++ }');
  await cell('n = 10; inc()');
  expect(await cell('n')).toBe(11);
  await cell('await null; n += 5');
  expect(await cell('inc(); n')).toBe(17);
});

it('names of earlier cells are found wherever they stand', async () => {
  await cell(
    'let p = 1, q = 2; class Base { value = 7 }; const rows = [1]; const tag = (s: TemplateStringsArray) => s[0]',
  );
  expect(await cell('({ p, q: q, ...{ rows } })')).toEqual({ p: 1, q: 2, rows: [1] });
  await cell('[p, q] = [q, p]');
  expect(await cell('[p, q]')).toEqual([2, 1]);
  await cell('({ p, q = 9 } = { p: 5 } as { p: number; q?: number })');
  expect(await cell('[p, q]')).toEqual([5, 9]);
  expect(await cell('class Derived extends Base {}; new Derived().value')).toBe(7);
  expect(await cell('for (p of [3, 4]); p')).toBe(4);
  expect(await cell('const inner = (p: number) => ({ p }); inner(8)')).toEqual({ p: 8 });
  expect(await cell('tag`text` + typeof rows + `${q}`')).toBe('textobject9');
});

it('a name can be declared again with another type', async () => {
  await cell('const shape = 1');
  await cell('const shape = "square"');
  expect(await cell('shape.length')).toBe(6);
});

it('what a cell declared before it threw stays', async () => {
  await expect(cell('let kept = 4\nthrow new Error("later")')).rejects.toThrow('later');
  expect(await cell('kept')).toBe(4);
});

it('types are checked across cells', async () => {
  await cell('const size: number = 3');
  await expect(cell('\nsize.foo')).rejects.toThrow(/Cell \d+, line 2 - TS2339: Property 'foo' does not exist/);
});

it('an error names the cell and the line, also inside a function of an earlier cell', async () => {
  await cell(
    'interface Point { x: number }\n\nfunction fail(point: Point) {\n  throw new RangeError(`bad ${point.x}`)\n}',
  );
  const first = count;
  const message = await cell('// call it\nfail({ x: 1 })').catch((error: Error) => error.message);
  expect(message).toBe(
    [
      'RangeError: bad 1',
      `Cell ${first}, line 4`,
      '      2 | ',
      '      3 | function fail(point: Point) {',
      '-->   4 |   throw new RangeError(`bad ${point.x}`)',
      '      5 | }',
      '',
      `    at fail (Cell ${first}, line 4)`,
      `    at Cell ${first + 1}, line 2`,
    ].join('\n'),
  );
});

it('lines stay right behind multi-line types, templates and await', async () => {
  await expect(cell('type A = {\n  a: number\n}\nconst t = `\n\n`\nawait null\nthrow new Error("x")')).rejects.toThrow(
    `, line 8`,
  );
});

it('runs export, for await and a name of a timer declared again', async () => {
  await cell('export const exported = 5');
  expect(await cell('exported')).toBe(5);
  await cell('const seen: number[] = []\nfor await (const x of [1, 2]) seen.push(x)');
  expect(await cell('seen')).toEqual([1, 2]);
  expect(await cell('const setTimeout = 1; setTimeout')).toBe(1);
});

it('packages of the kernel can be imported from any folder', async () => {
  expect(await cell('import { basename } from "node:path"; basename("/a/b")')).toBe('b');
  await expect(cell('import * as nothing from "no-such-package-at-all"')).rejects.toThrow('TS2307');
});

it('forgets all names on reset', () => {
  converter.reset();
  const conversion = converter.convert('kept', 'Cell 99', false);
  expect('error' in conversion && conversion.error.evalue).toBe("TS2304: Cannot find name 'kept'.");
});
