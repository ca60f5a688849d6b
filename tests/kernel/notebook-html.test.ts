import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeHtml } from '../../kernel/notebook-html.js';

const folder = mkdtempSync(join(tmpdir(), 'dpbench-html-test-'));
const target = join(folder, 'a.html');
/** Stands for nbconvert: writes the page where the options say, or fails. */
const program = (body: string) =>
  [process.execPath, '-e', `const at = (n) => process.argv[process.argv.indexOf(n) + 1]; ${body}`, '--'] as const;

beforeAll(() => writeFileSync(target, 'before'));
afterAll(() => rmSync(folder, { recursive: true }));

it('keeps the page before when the new one cannot be made', () => {
  const failing = program('console.error("noise"); console.error("no template"); process.exit(1)');
  expect(() => writeHtml([...failing], join(folder, 'a.ipynb'), target)).toThrow(
    `notebook run --html: nbconvert failed: no template; got '${join(folder, 'a.ipynb')}'.`,
  );
  expect(readFileSync(target, 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['a.html']);
});

it('puts the new page in its place at once', () => {
  const working = program('require("fs").writeFileSync(at("--output-dir") + "/" + at("--output"), "after")');
  writeHtml([...working], join(folder, 'a.ipynb'), target);
  expect(readFileSync(target, 'utf8')).toBe('after');
  expect(existsSync(target) && readdirSync(folder)).toEqual(['a.html']);
});
