import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

interface SourceFile {
  readonly path: string;
  readonly lines: number;
  /** Files of the project that it imports, relative to the root, and names of packages. */
  readonly imports: readonly string[];
}

const sources = [...sourcesIn('lib'), ...sourcesIn('kernel')];

function sourcesIn(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(`${folder}/${name.replaceAll('\\', '/')}`));
}

function read(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?from\s*)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;
  const imports = [...text.matchAll(pattern)].map((match) => resolve(path, (match[1] ?? match[2])!));
  return { path, lines: text.split('\n').length - 1, imports };
}

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return normalize(join(dirname(from), specifier))
    .replaceAll('\\', '/')
    .replace(/\.js$/, '.ts');
}

/** Layers of design.md section 2, lowest first: a file imports its own layer or a lower one. */
const layers = [
  ['core'],
  ['tensor', 'privacy'],
  ['mechanisms', 'nn'],
  ['data', 'methods', 'metrics'],
  ['display', 'bench', 'cli'],
];

function layer(path: string): number {
  const folder = path.split('/')[1]!;
  if (folder === 'index.ts') return layers.length;
  return layers.findIndex((names) => names.includes(folder));
}

const folderOf = (path: string) => path.split('/').slice(0, 2).join('/');

/** The ways round a graph; empty when it has none. */
function cycles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const found: string[] = [];
  const state = new Map<string, 'open' | 'closed'>();
  const visit = (node: string, path: string[]): void => {
    if (state.get(node) === 'closed') return;
    if (state.get(node) === 'open') return void found.push([...path.slice(path.indexOf(node)), node].join(' -> '));
    state.set(node, 'open');
    for (const next of edges.get(node) ?? []) visit(next, [...path, node]);
    state.set(node, 'closed');
  };
  for (const node of edges.keys()) visit(node, []);
  return found;
}

describe('architecture', () => {
  it('sees the sources', () => {
    expect(sources.map(({ path }) => path)).toContain('lib/core/errors.ts');
    expect(read('lib/core/registry.ts').imports).toContain('lib/core/errors.ts');
  });

  it('every folder of lib has a layer', () => {
    expect(sources.filter(({ path }) => path.startsWith('lib/') && layer(path) < 0)).toEqual([]);
  });

  it('imports point down', () => {
    const up = sources
      .filter(({ path }) => path.startsWith('lib/'))
      .flatMap(({ path, imports }) =>
        imports.filter((to) => to.startsWith('lib/') && layer(to) > layer(path)).map((to) => `${path} -> ${to}`),
      );
    expect(up).toEqual([]);
  });

  it('core imports nothing else of lib, privacy no tensor', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(
          (to) =>
            (path.startsWith('lib/core/') && to.startsWith('lib/') && !to.startsWith('lib/core/')) ||
            (path.startsWith('lib/privacy/') && to.startsWith('lib/tensor/')),
        )
        .map((to) => `${path} -> ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no cycle of files or of folders', () => {
    const files = new Map(
      sources.map(({ path, imports }) => [path, new Set(imports.filter((to) => /^(lib|kernel)\//.test(to)))]),
    );
    expect(cycles(files)).toEqual([]);
    const folders = new Map<string, Set<string>>();
    for (const { path, imports } of sources.filter(({ path }) => path.startsWith('lib/'))) {
      const own = folders.get(folderOf(path)) ?? new Set<string>();
      for (const to of imports) if (to.startsWith('lib/') && folderOf(to) !== folderOf(path)) own.add(folderOf(to));
      folders.set(folderOf(path), own);
    }
    expect(cycles(folders)).toEqual([]);
  });

  it('only lib/tensor imports TensorFlow.js', () => {
    const importers = sources.filter(({ imports }) => imports.some((to) => to.startsWith('@tensorflow/')));
    expect(importers.map(({ path }) => path).filter((path) => !path.startsWith('lib/tensor/'))).toEqual([]);
  });

  it('lib never imports the kernel, and the kernel imports lib in preload.ts only', () => {
    const crossing = sources.filter(({ path, imports }) =>
      imports.some((to) => to.startsWith(path.startsWith('lib/') ? 'kernel/' : 'lib/')),
    );
    expect(crossing.map(({ path }) => path).filter((path) => path !== 'kernel/preload.ts')).toEqual([]);
  });

  it('private rows are opened in lib/mechanisms only', () => {
    // The readers pack what they read: `seal` is for them. Nobody outside mechanisms unpacks.
    const openers = sources.filter(({ path }) => /\bopenRows\b/.test(readFileSync(join(root, path), 'utf8')));
    expect(openers.map(({ path }) => path).filter((path) => !path.startsWith('lib/mechanisms/'))).toEqual([]);
  });

  it('diagnostics are revealed by displays and result files only', () => {
    const allowed = /^lib\/(core\/diagnostic\.ts|display\/|bench\/result|cli\/)/;
    const revealers = sources.filter(({ path }) =>
      /revealForDisplay|Diagnostic\.reveal/.test(readFileSync(join(root, path), 'utf8')),
    );
    expect(revealers.map(({ path }) => path).filter((path) => !allowed.test(path))).toEqual([]);
  });

  it('files are short, and an index is a table of contents', () => {
    expect(sources.filter(({ lines }) => lines > 400).map(({ path, lines }) => `${path} ${lines}`)).toEqual([]);
    const long = sources.filter(({ path, lines }) => path.endsWith('/index.ts') && lines > 60);
    expect(long.map(({ path, lines }) => `${path} ${lines}`)).toEqual([]);
  });

  it('names are kebab-case and say what is inside', () => {
    const names = sources.map(({ path }) => relative(dirname(path), path).replace(/\.ts$/, ''));
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
    expect(names.filter((name) => /^(utils?|helpers?|common|misc|manager)$/.test(name))).toEqual([]);
  });
});
