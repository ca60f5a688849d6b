import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  executorPipes,
  type CellCode,
  type ControlRequest,
  type ErrorReport,
  type ExecutorReport,
  type ExecutorRequest,
} from '../contract.js';
import { computeEnvironment } from '../preload.js';
import { readJsonLines } from './json-lines.js';
import { killGroup } from './process-group.js';

export interface Outcome {
  readonly result?: Record<string, unknown>;
  readonly error?: ErrorReport;
}

export type Output = Exclude<ExecutorReport, { kind: 'done' | 'ready' | 'exiting' }>;

/** How an executor ended by itself. */
export interface Death {
  /** What happened, in a sentence. */
  readonly reason: string;
  /** The cell that ran, or the last one that did. */
  readonly cell: number;
  readonly wasRunning: boolean;
  /** False when it never came up. */
  readonly wasReady: boolean;
}

/**
 * The first flag lets a cell be stopped inside a timer (see async-checks.ts, which needs the last one on Node 20 and
 * 22); the second is about require() of ES modules.
 */
const nodeFlags = [
  '--no-force-async-hooks-checks',
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=DEP0111',
];

/** The supervisor's side of one process that runs cells. */
export class ExecutorProcess {
  readonly #child: ChildProcess;
  readonly #control: Writable;
  #running: { id: number; finish: (outcome: Outcome) => void } | undefined;
  #last = 0;
  #exitCode: number | undefined;
  #isReady = false;
  #isClosing = false;
  #hasEnded = false;

  /**
   * @param onOutput what cells print and show, in order
   * @param onDeath called once when the process ended by itself, before the running cell gets its error
   */
  constructor(
    private readonly onOutput: (output: Output) => void,
    private readonly onDeath: (death: Death) => void,
  ) {
    const script = fileURLToPath(new URL('./executor-main.js', import.meta.url));
    this.#child = spawn(process.execPath, [...nodeFlags, script], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe', 'pipe'],
      serialization: 'advanced',
      env: computeEnvironment(process.env),
      // A group of its own: whatever the cells start ends with it.
      detached: process.platform !== 'win32',
    });
    const pipes: readonly unknown[] = this.#child.stdio;
    this.#control = pipes[executorPipes.control] as Writable;
    this.#control.on('error', () => undefined);
    readJsonLines<ExecutorReport>(pipes[executorPipes.reports] as Readable, (message) => this.#read(message));
    for (const name of ['stdout', 'stderr'] as const) {
      // Native code and programs started by a cell write here; JavaScript's own output comes as reports.
      this.#child[name]!.setEncoding('utf8').on('data', (text: string) => {
        this.onOutput({ kind: 'stream', cell: this.#last, name, text });
      });
    }
    this.#child.on('error', (error) => this.#died(error.message));
    this.#child.on('exit', (code, signal) => {
      if (this.#child.pid !== undefined) killGroup(this.#child.pid);
      // `close` comes when its last words have been read; a program outside of the group may hold it up.
      const timer = setTimeout(() => this.#died(howItEnded(code, signal)), 500);
      this.#child.once('close', () => (clearTimeout(timer), this.#died(howItEnded(code, signal))));
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Runs a compiled cell to its end. `cell` must be above 0. */
  async run(cell: number, label: string, code: CellCode, allowInput: boolean): Promise<Outcome> {
    this.#last = cell;
    const outcome = await new Promise<Outcome>((resolve) => {
      this.#running = { id: cell, finish: resolve };
      this.#send({ kind: 'run', cell, label, code, allowInput });
    });
    // What native code wrote before the cell ended is in its pipe already: two turns of the loop read it.
    await nextTurn();
    await nextTurn();
    return outcome;
  }

  /** Asks the running cell to stop; one that does not listen within 150 ms is stopped by the engine. */
  interrupt(): void {
    const running = this.#running;
    if (!running) return;
    this.#send({ kind: 'interrupt', cell: running.id });
    const later = (delay: number, action: () => void): void =>
      void setTimeout(() => this.#running === running && action(), delay).unref();
    later(150, () => this.#tell({ kind: 'terminate', cell: running.id, force: false }));
    later(1500, () => this.#tell({ kind: 'terminate', cell: running.id, force: true }));
    later(10_000, () => {
      const text = 'Native code is still running and cannot be interrupted; wait, or restart the kernel.\n';
      this.onOutput({ kind: 'stream', cell: running.id, name: 'stderr', text });
    });
  }

  /** Answers `prompt`; null is the end of the input. */
  input(value: string | null): void {
    this.#tell({ kind: 'input', value });
  }

  /** Ends the process and what it started: kindly, then not. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#hasEnded || this.#child.pid === undefined) return;
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
      this.#send({ kind: 'exit' });
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), 500);
      await ended;
      clearTimeout(timer);
    }
    killGroup(this.#child.pid);
  }

  #read(message: ExecutorReport): void {
    if (message.kind === 'exiting') this.#exitCode = message.code;
    else if (message.kind === 'ready') this.#isReady = true;
    else if (message.kind === 'done') this.#finish(message.cell, message);
    else this.onOutput(message);
  }

  #finish(cell: number, { result, error }: Outcome): void {
    if (this.#running?.id !== cell) return;
    const { finish } = this.#running;
    this.#running = undefined;
    finish({ result, error });
  }

  #died(how: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#isClosing) return;
    const what =
      this.#exitCode === undefined
        ? `The process that runs the cells ended (${how}).`
        : `The process that runs the cells ended: process.exit(${this.#exitCode}) was called.`;
    const reason = `${what} All variables are lost; the next cell starts afresh.`;
    const cell = this.#running?.id ?? this.#last;
    this.onDeath({ reason, cell, wasRunning: this.#running !== undefined, wasReady: this.#isReady });
    this.#finish(cell, { error: { ename: 'ExecutorDied', evalue: reason, traceback: [`ExecutorDied: ${reason}`] } });
  }

  #send(request: ExecutorRequest): void {
    if (this.#child.connected) this.#child.send(request, () => undefined);
  }

  #tell(request: ControlRequest): void {
    this.#control.write(`${JSON.stringify(request)}\n`);
  }
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  const why: Partial<Record<NodeJS.Signals, string>> = {
    SIGABRT: 'out of memory?',
    SIGKILL: 'out of memory, or somebody ended it?',
    SIGSEGV: 'a fault in native code',
    SIGBUS: 'a fault in native code',
  };
  if (signal) return why[signal] ? `signal ${signal}: ${why[signal]}` : `signal ${signal}`;
  return code === 134 ? 'exit code 134: out of memory?' : `exit code ${code ?? 'unknown'}`;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
