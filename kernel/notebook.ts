/**
 * Runs a notebook from the command line, through the kernel:
 *   node dist/kernel/notebook.js FILE [--out FILE] [--html FILE] [--timeout SECONDS]
 * Writes the notebook with its outputs (over FILE without --out), also when a cell fails or Ctrl-C stops it. Exit code
 * 0: all cells ran; 1: a cell failed; 2: bad usage; 130: stopped.
 */
import { realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KernelClient, type Execution } from './client.js';
import { checkFolderOf, readNotebook, writeNotebook, type Notebook, type NotebookCell } from './notebook-file.js';
import { outputLines, progressTeller } from './notebook-lines.js';
import { findHtmlConverter, writeHtml } from './notebook-html.js';
import type { CellOutput } from './outputs.js';
import { OptionError } from './preload.js';

export interface CellFailure {
  /** The number that stands beside the cell, as in `Cell 3, line 2`. */
  readonly cell: number;
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

export interface NotebookRun {
  readonly notebook: Notebook;
  /** The first cell that failed, and why. */
  readonly failure?: CellFailure;
}

export interface RunNotebookOptions {
  /** Seconds that one cell may take; no limit when absent. */
  readonly timeout?: number;
  /** The folder that the cells run in. */
  readonly cwd?: string;
  /** The kernel's command; this package's own when absent. */
  readonly argv?: readonly string[];
  /** Interrupts the running cell and ends the run. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
}

/** Runs the code cells in order, up to the first that fails, and puts their outputs in. */
async function runNotebook(notebook: Notebook, options: RunNotebookOptions = {}): Promise<NotebookRun> {
  const codeCells = notebook.cells.filter(({ cell_type }) => cell_type === 'code');
  for (const cell of codeCells) Object.assign(cell, { outputs: [], execution_count: null });
  const client = await KernelClient.start({ cwd: options.cwd, argv: options.argv });
  try {
    await describeKernel(client, notebook);
    let count = 0;
    for (const [i, cell] of codeCells.entries()) {
      const source = sourceOf(cell);
      if (source.trim() === '') continue;
      options.onProgress?.(`cell ${i + 1} of ${codeCells.length}: ${firstLine(source)}`);
      const failure = await runCell(client, cell, source, options);
      count++;
      if (failure) return { notebook, failure: { cell: count, ...failure } };
    }
    return { notebook };
  } finally {
    await client.shutdown();
  }
}

/** After a cell was told to stop, the kernel has this long until it is ended: native code may never listen. */
const patience = 30_000;

async function runCell(
  client: KernelClient,
  cell: NotebookCell,
  source: string,
  { timeout, signal, onProgress }: RunNotebookOptions,
): Promise<Omit<CellFailure, 'cell'> | undefined> {
  const outputs: CellOutput[] = [];
  cell.outputs = outputs;
  let why: string | undefined;
  const timers: NodeJS.Timeout[] = [];
  const stop = (reason: string): void => {
    why ??= reason;
    client.interrupt().catch(() => undefined);
    timers.push(setTimeout(() => void client.kill(), patience));
  };
  const stopAsked = (): void => stop('The run was stopped.');
  signal?.addEventListener('abort', stopAsked);
  if (timeout !== undefined) {
    timers.push(setTimeout(() => stop(`The cell took longer than ${timeout} s.`), timeout * 1000));
  }
  let execution: Execution;
  try {
    if (signal?.aborted) stopAsked();
    execution = await client.execute(source, { outputs, onMessage: onProgress && progressTeller(onProgress) });
  } catch (error) {
    const evalue = why ?? (error as Error).message;
    outputs.push({ output_type: 'error', ename: 'DeadKernel', evalue, traceback: [`DeadKernel: ${evalue}`] });
    return { ename: 'DeadKernel', evalue, traceback: [] };
  } finally {
    signal?.removeEventListener('abort', stopAsked);
    for (const timer of timers) clearTimeout(timer);
  }
  cell.execution_count = Number(execution.reply.execution_count);
  for (const line of outputLines(outputs)) onProgress?.(line);
  const error = outputs.find((output) => output.output_type === 'error');
  if (!error) return undefined;
  const { ename, evalue, traceback } = error;
  return why === undefined ? { ename, evalue, traceback } : { ename: 'Stopped', evalue: why, traceback: [] };
}

/** Front-ends highlight and export by what the notebook says of its kernel. */
async function describeKernel(client: KernelClient, notebook: Notebook): Promise<void> {
  const info = await client.request('shell', 'kernel_info_request');
  notebook.metadata.language_info = info.language_info;
  notebook.metadata.kernelspec ??= { name: 'dpbench', display_name: 'TypeScript (dpbench)', language: 'typescript' };
}

const sourceOf = ({ source }: NotebookCell): string => (Array.isArray(source) ? source.join('') : source);

function firstLine(source: string): string {
  const line = source.split('\n').find((text) => text.trim() !== '') ?? '';
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

/** The command line: returns the exit code. */
export async function notebookCommand(
  args: readonly string[],
  say: (line: string) => void,
  options: Pick<RunNotebookOptions, 'argv' | 'signal'> = {},
): Promise<number> {
  const { file, out, html, timeout } = parse(args);
  const notebook = readNotebook(file);
  for (const target of [out, html]) if (target !== undefined) checkFolderOf('notebook run', target);
  const converter = html === undefined ? undefined : findHtmlConverter();
  const { failure } = await runNotebook(notebook, {
    ...options,
    timeout,
    cwd: dirname(resolve(file)),
    onProgress: say,
  });
  const target = out ?? file;
  writeNotebook(target, notebook);
  say(`wrote ${target}`);
  if (failure) {
    say(`cell ${failure.cell} failed: ${failure.ename}: ${failure.evalue}`);
    for (const line of failure.traceback) say(line);
  }
  if (converter && html !== undefined) {
    writeHtml(converter, target, html);
    say(`wrote ${html}`);
  }
  return options.signal?.aborted ? 130 : failure ? 1 : 0;
}

const usage = 'FILE [--out FILE] [--html FILE] [--timeout SECONDS]';

interface Arguments {
  readonly file: string;
  readonly out?: string;
  readonly html?: string;
  readonly timeout?: number;
}

function parse(args: readonly string[]): Arguments {
  const text = { type: 'string' } as const;
  const asked = 'notebook run';
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: { out: text, html: text, timeout: text }, allowPositionals: true });
  } catch (cause) {
    throw new OptionError({ asked, wrong: (cause as Error).message, expected: usage }, { cause });
  }
  const { values, positionals } = parsed;
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) {
    throw new OptionError({ asked, wrong: 'not one file', got: positionals.join(' '), expected: usage });
  }
  const timeout = values.timeout === undefined ? undefined : Number(values.timeout);
  if (timeout !== undefined && !(timeout > 0)) {
    throw new OptionError({ asked, wrong: '--timeout is no time', got: values.timeout, expected: 'seconds above 0' });
  }
  return { file, out: values.out, html: values.html, timeout };
}

/** Ctrl-C stops the cell, keeps the half-run notebook and ends the kernel; a second one ends at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(130);
      stop.abort();
    });
  }
  return stop.signal;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    process.exitCode = await notebookCommand(process.argv.slice(2), say, { signal: stopSignal() });
  } catch (error) {
    say(`dpbench: ${(error as Error).message}`);
    process.exitCode = error instanceof OptionError ? 2 : 1;
  }
}
