/**
 * Runs a notebook from the command line, through the kernel:
 *   node dist/kernel/notebook.js FILE [--out FILE] [--timeout SECONDS]
 * Writes the notebook with its outputs (over FILE without --out), also when a cell fails. Exit code 0: all cells ran;
 * 1: a cell failed; 2: bad usage.
 */
import { readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KernelClient, type Execution } from './client.js';
import type { CellOutput } from './outputs.js';
import { DataError, OptionError } from './preload.js';

/** A notebook file, format 4, as far as running it needs to know. */
export interface Notebook {
  cells: NotebookCell[];
  metadata: Record<string, unknown>;
  nbformat: number;
}

interface NotebookCell {
  cell_type: string;
  source: string | string[];
  metadata: Record<string, unknown>;
  outputs?: unknown[];
  execution_count?: number | null;
}

export interface NotebookRun {
  readonly notebook: Notebook;
  /** The first cell that failed: its number among all cells, from 1, and why. */
  readonly failure?: { readonly cell: number; readonly ename: string; readonly evalue: string };
}

export interface RunNotebookOptions {
  /** Seconds that one cell may take; no limit when absent. */
  readonly timeout?: number;
  /** The folder that the cells run in. */
  readonly cwd?: string;
  readonly onProgress?: (line: string) => void;
}

/** Runs the code cells in order, up to the first that fails, and puts their outputs in. */
export async function runNotebook(notebook: Notebook, options: RunNotebookOptions = {}): Promise<NotebookRun> {
  const codeCells = notebook.cells.map((cell, i) => ({ cell, number: i + 1 })).filter(({ cell }) => isCode(cell));
  for (const { cell } of codeCells) Object.assign(cell, { outputs: [], execution_count: null });
  const client = await KernelClient.start({ cwd: options.cwd });
  try {
    await describeKernel(client, notebook);
    for (const [i, { cell, number }] of codeCells.entries()) {
      const source = sourceOf(cell);
      if (source.trim() === '') continue;
      options.onProgress?.(`cell ${i + 1} of ${codeCells.length}: ${firstLine(source)}`);
      const failure = await runCell(client, cell, source, options.timeout);
      if (failure) return { notebook, failure: { cell: number, ...failure } };
    }
    return { notebook };
  } finally {
    await client.shutdown();
  }
}

async function runCell(
  client: KernelClient,
  cell: NotebookCell,
  source: string,
  timeout: number | undefined,
): Promise<{ ename: string; evalue: string } | undefined> {
  const outputs: CellOutput[] = [];
  cell.outputs = outputs;
  let isLate = false;
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => {
          isLate = true;
          void client.interrupt();
        }, timeout * 1000);
  let execution: Execution;
  try {
    execution = await client.execute(source, { outputs });
  } catch (error) {
    return { ename: 'DeadKernel', evalue: (error as Error).message };
  } finally {
    clearTimeout(timer);
  }
  cell.execution_count = Number(execution.reply.execution_count);
  const error = outputs.find((output) => output.output_type === 'error');
  if (error) {
    const evalue = isLate ? `The cell took longer than ${timeout} s.` : error.evalue;
    return { ename: isLate ? 'Timeout' : error.ename, evalue };
  }
  return undefined;
}

/** Front-ends highlight and export by what the notebook says of its kernel. */
async function describeKernel(client: KernelClient, notebook: Notebook): Promise<void> {
  const info = await client.request('shell', 'kernel_info_request');
  notebook.metadata.language_info = info.language_info;
  notebook.metadata.kernelspec ??= { name: 'dpbench', display_name: 'TypeScript (dpbench)', language: 'typescript' };
}

const isCode = (cell: NotebookCell): boolean => cell.cell_type === 'code';

const sourceOf = ({ source }: NotebookCell): string => (Array.isArray(source) ? source.join('') : source);

function firstLine(source: string): string {
  const line = source.split('\n').find((text) => text.trim() !== '') ?? '';
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

export function readNotebook(path: string): Notebook {
  let value: Partial<Notebook>;
  try {
    value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Notebook>;
  } catch (cause) {
    throw new DataError(
      { asked: `notebook ${path}`, wrong: (cause as Error).message, expected: 'a .ipynb file' },
      { cause },
    );
  }
  if (!Array.isArray(value.cells) || value.nbformat !== 4) {
    const expected = 'format 4 with cells';
    throw new DataError({
      asked: `notebook ${path}`,
      wrong: 'not a notebook of format 4',
      got: value.nbformat,
      expected,
    });
  }
  return { metadata: {}, ...value } as Notebook;
}

/** Writes beside, then renames: a stop in the middle never costs the notebook. */
export function writeNotebook(path: string, notebook: Notebook): void {
  const temporary = `${path}.new-${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(notebook, null, 1)}\n`);
  renameSync(temporary, path);
}

/** The command line: returns the exit code. */
export async function notebookCommand(args: readonly string[], say: (line: string) => void): Promise<number> {
  const { values, positionals } = parse(args);
  const [file] = positionals;
  const timeout = values.timeout === undefined ? undefined : Number(values.timeout);
  if (file === undefined || positionals.length > 1 || !(timeout === undefined || timeout > 0)) {
    throw new OptionError({ asked: 'notebook run', wrong: 'bad usage', got: args.join(' '), expected: usage });
  }
  const { notebook, failure } = await runNotebook(readNotebook(file), {
    timeout,
    cwd: dirname(resolve(file)),
    onProgress: say,
  });
  const target = values.out ?? file;
  writeNotebook(target, notebook);
  say(`wrote ${target}`);
  if (failure) say(`cell ${failure.cell} failed: ${failure.ename}: ${failure.evalue}`);
  return failure ? 1 : 0;
}

const usage = 'FILE [--out FILE] [--timeout SECONDS]';

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ args: [...args], options: { out: text, timeout: text }, allowPositionals: true });
  } catch (cause) {
    throw new OptionError({ asked: 'notebook run', wrong: (cause as Error).message, expected: usage }, { cause });
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await notebookCommand(process.argv.slice(2), (line) => process.stderr.write(`${line}\n`));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = error instanceof OptionError ? 2 : 1;
  }
}
