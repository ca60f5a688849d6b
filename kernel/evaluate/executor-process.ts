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

export interface Outcome {
  readonly result?: Record<string, unknown>;
  readonly error?: ErrorReport;
}

type Output = Exclude<ExecutorReport, { kind: 'done' | 'ready' | 'exiting' }>;

/** The supervisor's side of the process that runs the cells. */
export class ExecutorProcess {
  readonly #child: ChildProcess;
  readonly #control: Writable;
  #running: { id: number; finish: (outcome: Outcome) => void } | undefined;
  #last = 0;
  #exitCode: number | undefined;
  #isClosing = false;

  /**
   * @param onOutput what cells print and show, in order
   * @param onDeath called once when the process ended by itself, after the running cell got its error
   */
  constructor(
    private readonly onOutput: (output: Output) => void,
    private readonly onDeath: () => void,
  ) {
    // The first flag lets a cell be stopped inside a timer; the second is about require() of ES modules.
    const flags = ['--no-force-async-hooks-checks', '--disable-warning=ExperimentalWarning'];
    this.#child = spawn(process.execPath, [...flags, fileURLToPath(new URL('./executor-main.js', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe', 'pipe'],
      serialization: 'advanced',
      env: computeEnvironment(process.env),
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
    this.#child.on('error', () => undefined);
    this.#child.on('exit', (code, signal) => this.#died(code, signal));
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
    const terminate = (): void => this.#tell({ kind: 'terminate', cell: running.id });
    later(150, terminate);
    later(3000, terminate);
    later(10_000, () => {
      const text = 'Native code is still running and cannot be interrupted; wait, or restart the kernel.\n';
      this.onOutput({ kind: 'stream', cell: running.id, name: 'stderr', text });
    });
  }

  /** Answers `prompt`; null is the end of the input. */
  input(value: string | null): void {
    this.#tell({ kind: 'input', value });
  }

  /** Ends the process: kindly, then not. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#send({ kind: 'exit' });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 500);
    await ended;
    clearTimeout(timer);
  }

  #read(message: ExecutorReport): void {
    if (message.kind === 'exiting') this.#exitCode = message.code;
    else if (message.kind === 'done') this.#finish(message.cell, message);
    else if (message.kind !== 'ready') this.onOutput(message);
  }

  #finish(cell: number, { result, error }: Outcome): void {
    if (this.#running?.id !== cell) return;
    const { finish } = this.#running;
    this.#running = undefined;
    finish({ result, error });
  }

  #died(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#isClosing) return;
    const how = signal ? `signal ${signal}` : `exit code ${code ?? 'unknown'}`;
    const why = this.#exitCode !== undefined ? 'process.exit was called' : 'out of memory, or a fault in native code?';
    const evalue = `The process that runs the cells ended with ${how} (${why}). All variables are lost.`;
    if (this.#running)
      this.#finish(this.#running.id, { error: { ename: 'ExecutorDied', evalue, traceback: [evalue] } });
    this.onDeath();
  }

  #send(request: ExecutorRequest): void {
    if (this.#child.connected) this.#child.send(request, () => undefined);
  }

  #tell(request: ControlRequest): void {
    this.#control.write(`${JSON.stringify(request)}\n`);
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
