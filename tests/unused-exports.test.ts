import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

interface Text {
  readonly path: string;
  readonly words: ReadonlySet<string>;
  /** Names of values that it exports; types cost nothing and document themselves. */
  readonly exported: readonly string[];
}

const texts = ['lib', 'kernel', 'tests'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.m?ts$/.test(name))
    .map((name) => read(`${folder}/${name.replaceAll('\\', '/')}`)),
);

function read(path: string): Text {
  const text = readFileSync(join(root, path), 'utf8');
  return source(path, text);
}

/** A table of contents uses nothing by listing it, except `lib/index.ts`: what stands there is public. */
function source(path: string, text: string): Text {
  const listing = /^export (?:type )?\{[^}]*\} from .*$/gm;
  const used = path === 'lib/index.ts' ? text : text.replaceAll(listing, '');
  return { path, words: new Set(used.match(/\w+/g)), exported: exportsOf(text) };
}

function exportsOf(text: string): string[] {
  const declared = [...text.matchAll(/^export (?:async )?(?:const|let|function\*?|class|enum) (\w+)/gm)];
  const listed = [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap((match) => match[1]!.split(','));
  const values = listed.map((name) => name.trim()).filter((name) => name !== '' && !name.startsWith('type '));
  return [...declared.map((match) => match[1]!), ...values.map((name) => name.split(' as ').at(-1)!)];
}

/** Exports that no other file names. */
function unused(all: readonly Text[]): string[] {
  return all
    .filter(({ path }) => path !== 'lib/index.ts' && !path.startsWith('tests/types/'))
    .flatMap(({ path, exported }) => {
      const used = (name: string) => all.some((other) => other.path !== path && other.words.has(name));
      return exported.filter((name) => !used(name)).map((name) => `${path}: ${name}`);
    });
}

describe('unused exports', () => {
  it('there are none', () => {
    expect(unused(texts)).toEqual([]);
  });

  it('would be found', () => {
    const dead = [
      source('lib/a.ts', 'export const left = 1;\nexport function used() {}'),
      source('lib/b.ts', 'used()'),
    ];
    expect(unused(dead)).toEqual(['lib/a.ts: left']);
    expect(unused([...dead, source('lib/a/index.ts', "export { left } from '../a.js';")])).toContain('lib/a.ts: left');
    expect(unused([...dead, source('lib/index.ts', "export { left } from './a.js';")])).toEqual([]);
  });
});
