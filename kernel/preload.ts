/**
 * What every cell finds loaded: `dp`, `tf`, `Plotly` and `aq`, with their types. The only file of the kernel that
 * imports the library, so the kernel can carry another one. The library's modules load at their first use.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onProgress, type TimedReport } from '../lib/core/progress.js';
import type { MimeBundle } from '../lib/core/mime.js';

export { DataError, DpbenchError, OptionError } from '../lib/core/errors.js';
export { displaySymbol, escapeHtml } from '../lib/core/mime.js';
export { htmlTable, plainTable } from '../lib/display/html-table.js';
export { plotlyFile } from '../lib/display/plotly-page.js';
export { cacheFolder } from '../lib/tensor/runtime/cache-folder.js';
export { computeEnvironment } from '../lib/tensor/malloc.js';

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const libraryFolder = join(here, '..', 'lib');

interface Global {
  readonly name: string;
  /** The module that is the value, or holds it under `member`. */
  readonly module: string;
  readonly typings: string;
  readonly member?: string;
}

function ofLibrary(name: string, path: string, member?: string): Global {
  const file = join(libraryFolder, path);
  return { name, module: `${file}.js`, typings: file, member };
}

function globals(): Global[] {
  const all = [
    ofLibrary('dp', 'index'),
    ofLibrary('tf', join('tensor', 'index'), 'tf'),
    ofLibrary('Plotly', join('display', 'plotly')),
  ].filter(({ module }) => existsSync(module));
  const arquero = packageTypings('arquero');
  return arquero ? [...all, { name: 'aq', module: 'arquero', typings: arquero.replace(/\.d\.ts$/, '') }] : all;
}

/** TypeScript text that declares the names for all cells, and the kernel's own output functions. */
export function preloadDeclarations(): string {
  const declarations = globals().map(({ name, typings, member }) => {
    const type = `typeof import(${JSON.stringify(typings)})`;
    return `const ${name}: ${member ? `(${type})["${member}"]` : type};`;
  });
  const cell = JSON.stringify(join(here, 'output', 'cell-globals'));
  for (const name of ['display', 'clearOutput', 'html', 'md', 'svg', 'prompt', 'kernel']) {
    declarations.push(`const ${name}: import(${cell}).CellGlobals["${name}"];`);
  }
  return `declare global { ${declarations.join('\n')} }`;
}

/** Packages that a cell can import from any folder, with the file of their types. */
export function preloadPackages(): Record<string, string> {
  const arquero = packageTypings('arquero');
  return { dpbench: join(libraryFolder, 'index.d.ts'), ...(arquero && { arquero }) };
}

/** Puts the names on `target` as getters that load at the first use; a cell may shadow or replace them. */
export function installPreload(target: object): void {
  for (const { name, module, member } of globals()) {
    const set = (value: unknown): void =>
      void Object.defineProperty(target, name, { value, configurable: true, enumerable: true, writable: true });
    const load = (): unknown => {
      const loaded = require(module) as Record<string, unknown>;
      const value = member === undefined ? loaded : loaded[member];
      set(value);
      return value;
    };
    Object.defineProperty(target, name, { configurable: true, enumerable: false, get: load, set });
  }
}

/**
 * Calls `show` with a drawing of each progress report of the library. The first and the last report of a task always
 * come; in between, at most ten a second.
 */
export function watchProgress(
  isStopped: () => boolean,
  show: (taskId: number, bundle: MimeBundle, isFirst: boolean) => void,
): void {
  const shownAt = new Map<number, number>();
  onProgress((report) => {
    // A task of an interrupted cell ends here, at its next step.
    if (isStopped()) throw new DOMException('The cell was interrupted', 'AbortError');
    const last = shownAt.get(report.taskId);
    const now = performance.now();
    if (!report.done && last !== undefined && now - last < 100) return;
    show(report.taskId, drawProgress(report), last === undefined);
    if (report.done) shownAt.delete(report.taskId);
    else shownAt.set(report.taskId, now);
  });
}

function drawProgress(report: TimedReport): MimeBundle {
  const { progressBundle } = require(join(libraryFolder, 'display', 'progress.js')) as {
    progressBundle: (report: TimedReport) => MimeBundle;
  };
  return progressBundle(report);
}

function packageTypings(name: string): string | undefined {
  try {
    let folder = dirname(require.resolve(name));
    while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
    const { types } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { types?: string };
    return types === undefined ? undefined : join(folder, types);
  } catch {
    return undefined;
  }
}
