import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { withMemberTables } from '../lib/cli/member-tables.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const page = readFileSync(join(root, 'README.md'), 'utf8');

describe('README', () => {
  it('has the tables of what there is (else: npm run readme)', () => {
    expect(withMemberTables(page)).toBe(page);
  });

  it('points at files that are there', () => {
    const links = [...page.matchAll(/\]\(([^)]+)\)/g)]
      .map((match) => match[1]!)
      .filter((link) => !/^https?:/.test(link));
    expect(links.length).toBeGreaterThan(10);
    for (const link of links) expect(existsSync(join(root, link)), link).toBe(true);
  });

  it('names commands of package.json', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const named = [...page.matchAll(/npm (?:run )?(start|test|lab|readme)\b/g)].map((match) => match[1]!);
    expect(named.length).toBeGreaterThan(4);
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
  });

  it('says which mark is missing from a page', () => {
    expect(() => withMemberTables('<!-- methods --> <!-- /methods -->')).toThrow(
      'dpbench list --into: the page has no place for the datasets; expected <!-- datasets --> and <!-- /datasets -->',
    );
  });
});
