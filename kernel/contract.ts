/**
 * What the parts of the kernel agree on. Three actors: the supervisor (sockets, protocol; never runs a cell), the
 * converter (TypeScript to JavaScript, a worker thread of the supervisor) and the executor (a child process that runs
 * the cells).
 */

/** Data by MIME type: text as string, binary as base64 string, JSON types as plain objects. */
export type Bundle = Record<string, unknown>;

/** What a front-end shows of an error: name, message, and lines that may hold ANSI colours. */
export interface ErrorReport {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** What a cell ends with that was interrupted. */
export const interruption: ErrorReport = {
  ename: 'Interrupted',
  evalue: 'The cell was interrupted.',
  traceback: ['Interrupted: The cell was interrupted.'],
};

/** A compiled cell, ready to run. */
export interface CellCode {
  /** The code as the user wrote it, for the code frame of an error. */
  readonly source: string;
  /** CommonJS, without the function around it. */
  readonly output: string;
  /** The two source maps (cell -> ES module -> CommonJS) as JSON texts, the last step first. */
  readonly maps: readonly string[];
  /** Runs as an async function. */
  readonly hasAwait: boolean;
  /** The exported name that holds the value of the last expression. */
  readonly lastExpression?: string;
  /** Local `.ts` files that the cell imports, compiled. */
  readonly sideFiles: readonly { readonly path: string; readonly code: string }[];
}

/** What the converter makes of a cell: code to run, or an error in the user's words. */
export type Conversion = { readonly code: CellCode } | { readonly error: ErrorReport };

export interface CompletionItem {
  readonly text: string;
  /** IPython's words: function, class, module, instance, keyword, property, param, statement. */
  readonly type: string;
}

/** Positions here count UTF-16 units; the protocol layer converts them. */
export interface Completion {
  readonly start: number;
  readonly end: number;
  readonly items: readonly CompletionItem[];
}

export interface Completeness {
  readonly status: 'complete' | 'incomplete' | 'invalid';
  readonly indent?: string;
}

/** The converter's methods, as they are called across the thread. */
export interface Converter {
  /** `label` names the cell in tracebacks: `Cell 3`. With `commit: false` later cells do not see its names. */
  convert(source: string, label: string, commit: boolean): Promise<Conversion>;
  complete(source: string, position: number): Promise<Completion>;
  inspect(source: string, position: number): Promise<string | undefined>;
  isComplete(source: string): Promise<Completeness>;
  /** Forgets the names of all cells: the process that held their values has ended. */
  reset(): Promise<void>;
}

/** Supervisor -> executor, over Node's IPC. */
export type ExecutorRequest =
  | { kind: 'run'; cell: number; label: string; code: CellCode; allowInput: boolean }
  | { kind: 'interrupt'; cell: number }
  | { kind: 'exit' };

/** Executor -> supervisor, one JSON line each. `cell` says which request the output belongs to. */
export type ExecutorReport =
  | { kind: 'ready' }
  | { kind: 'stream'; cell: number; name: 'stdout' | 'stderr'; text: string }
  | { kind: 'display'; cell: number; data: Bundle; metadata: Bundle; displayId?: string; update: boolean }
  | { kind: 'clear'; cell: number; wait: boolean }
  | { kind: 'input'; cell: number; prompt: string; password: boolean }
  | { kind: 'exiting'; cell: number; code: number }
  | { kind: 'done'; cell: number; result?: Bundle; error?: ErrorReport };

/** Supervisor -> the control worker of the executor, one JSON line each: it listens while a cell blocks its thread. */
export type ControlRequest =
  { kind: 'terminate'; cell: number; force: boolean } | { kind: 'input'; value: string | null };

/** The file descriptors of the executor, beside stdin, stdout, stderr and Node's IPC on 3. */
export const executorPipes = { control: 4, reports: 5 } as const;

export const protocolVersion = '5.5';
