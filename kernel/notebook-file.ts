import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DataError, DpbenchError } from './preload.js';

/** A notebook file, format 4, as far as running it needs to know. */
export interface Notebook {
  cells: NotebookCell[];
  metadata: NotebookMetadata;
  nbformat: number;
}

export interface NotebookCell {
  cell_type: string;
  source: string | string[];
  metadata: Record<string, unknown>;
  outputs?: unknown[];
  execution_count?: number | null;
}

export interface NotebookMetadata {
  kernelspec?: { name?: string; display_name?: string; language?: string };
  language_info?: unknown;
  [name: string]: unknown;
}

/** Reads a notebook. Throws `DataError` for a file that is absent, damaged, of another format or of another language. */
export function readNotebook(path: string): Notebook {
  let value: Partial<Notebook>;
  try {
    value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Notebook>;
  } catch (cause) {
    const wrong = (cause as Error).message;
    throw new DataError({ asked: `notebook ${path}`, wrong, expected: 'a .ipynb file' }, { cause });
  }
  if (!Array.isArray(value?.cells) || value.nbformat !== 4) {
    const wrong = 'not a notebook of format 4';
    throw new DataError({ asked: `notebook ${path}`, wrong, got: value?.nbformat, expected: 'nbformat 4 with cells' });
  }
  const language = value.metadata?.kernelspec?.language;
  if (language !== undefined && language !== 'typescript') {
    const wrong = 'a notebook of another language';
    throw new DataError({ asked: `notebook ${path}`, wrong, got: language, expected: 'typescript' });
  }
  return { ...value, metadata: value.metadata ?? {} } as Notebook;
}

/** Writes beside, then renames: a stop in the middle never costs the notebook. */
export function writeNotebook(path: string, notebook: Notebook): void {
  const temporary = `${path}.new-${process.pid}`;
  try {
    writeFileSync(temporary, `${JSON.stringify(notebook, null, 1)}\n`);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Says before a long run, not after it, that its result has no place. */
export function checkFolderOf(asked: string, path: string): void {
  const folder = dirname(resolve(path));
  if (existsSync(folder) && statSync(folder).isDirectory()) return;
  throw new DpbenchError({ asked, wrong: 'the folder of the result is absent', got: folder, next: 'Make it first.' });
}
