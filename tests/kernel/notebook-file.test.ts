import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkFolderOf, readNotebook, writeNotebook } from '../../kernel/notebook-file.js';

const folder = mkdtempSync(join(tmpdir(), 'dpbench-notebook-file-'));
const path = join(folder, 'a.ipynb');
afterAll(() => rmSync(folder, { recursive: true }));

it('reads and writes a notebook, and leaves no other file', () => {
  const notebook = { cells: [], metadata: { a: 1 }, nbformat: 4, nbformat_minor: 5 };
  writeNotebook(path, notebook);
  expect(readNotebook(path)).toEqual(notebook);
  expect(readdirSync(folder)).toEqual(['a.ipynb']);
});

it('keeps the old notebook when the new one cannot be written', () => {
  const before = readFileSync(path, 'utf8');
  const endless: Record<string, unknown> = {};
  endless.self = endless;
  expect(() => writeNotebook(path, { cells: [], metadata: endless, nbformat: 4 })).toThrow('circular');
  expect(readFileSync(path, 'utf8')).toBe(before);
  expect(readdirSync(folder)).toEqual(['a.ipynb']);
});

it.each([
  ['{', 'expected a .ipynb file.'],
  ['null', 'not a notebook of format 4; expected nbformat 4 with cells.'],
  ['{"cells":[],"nbformat":3}', 'not a notebook of format 4; got 3, expected nbformat 4 with cells.'],
  [
    '{"cells":[],"nbformat":4,"metadata":{"kernelspec":{"language":"python"}}}',
    "a notebook of another language; got 'python', expected typescript.",
  ],
])('refuses %s', (text, message) => {
  writeFileSync(path, text);
  expect(() => readNotebook(path)).toThrow(message);
  expect(() => readNotebook(path)).toThrow(`notebook ${path}: `);
});

it('says that a file or a folder is absent', () => {
  expect(() => readNotebook(join(folder, 'none.ipynb'))).toThrow('ENOENT');
  expect(() => checkFolderOf('notebook run', '/no/such/place/x.ipynb')).toThrow(
    "notebook run: the folder of the result is absent; got '/no/such/place'. Make it first.",
  );
});
