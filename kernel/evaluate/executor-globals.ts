import type { CellGlobals } from '../output/cell-globals.js';
import type { CellLines } from '../output/cell-lines.js';
import { displayGlobals } from '../output/display.js';
import { errorReport, mapPlaces } from '../output/error-report.js';
import { watchProgress } from '../preload.js';
import { report } from './report-pipe.js';
import { currentCell } from './running-cells.js';
import { takeInput, type SharedState } from './shared-state.js';

const cellId = (): number => currentCell()?.id ?? 0;

/** `display` and its relatives, `prompt` and `kernel`, for all cells. A cell may shadow them. */
export function installGlobals(state: SharedState): void {
  const globals: CellGlobals = {
    ...displayGlobals({
      display: (data, options) => {
        // A loop of an interrupted cell ends where it wants to show something.
        currentCell()?.abort.signal.throwIfAborted();
        report({ kind: 'display', cell: cellId(), data, ...options });
      },
      clear: (wait) => report({ kind: 'clear', cell: cellId(), wait }),
      wait: (shown) => waitFor(shown),
    }),
    prompt: (question = '', { password = false } = {}) => ask(state, question, password),
    kernel: {
      get signal() {
        return currentCell()?.abort.signal ?? new AbortController().signal;
      },
    },
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true, enumerable: false });
  }
}

function waitFor(shown: Promise<void>): void {
  const pending = currentCell()?.pending;
  pending?.add(shown);
  shown.then(
    () => pending?.delete(shown),
    () => undefined,
  );
}

function ask(state: SharedState, question: string, password: boolean): string | null {
  const cell = currentCell();
  if (!cell?.allowInput)
    throw new Error('prompt: this front-end takes no input; got allow_stdin false. Use a constant.');
  return takeInput(state, () => report({ kind: 'input', cell: cell.id, prompt: question, password }));
}

/** Sends what is printed to the cell that prints it, and keeps the process alive through stray errors. */
export function captureProcess(lines: CellLines): void {
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (data: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
      const text = typeof data === 'string' ? data : Buffer.from(data).toString('utf8');
      report({ kind: 'stream', cell: cellId(), name, text: mapPlaces(text, lines) });
      const callback = typeof encoding === 'function' ? encoding : done;
      if (typeof callback === 'function') process.nextTick(callback);
      return true;
    };
  }
  const stray = (error: unknown): void => {
    if ((error as Partial<Error> | null)?.name === 'AbortError' && currentCell()?.abort.signal.aborted) return;
    report({
      kind: 'stream',
      cell: cellId(),
      name: 'stderr',
      text: `${errorReport(error, lines).traceback.join('\n')}\n`,
    });
  };
  process.on('uncaughtException', stray);
  process.on('unhandledRejection', stray);
  // Ctrl-C in a terminal reaches all processes of its group; the kernel is interrupted by message alone.
  process.on('SIGINT', () => undefined);
  const exit = process.exit.bind(process);
  process.exit = (code) => {
    report({ kind: 'exiting', cell: cellId(), code: Number(code ?? 0) });
    return exit(code);
  };
}

/** Shows each piece of long work of the library as one output that changes. */
export function showProgress(): void {
  watchProgress(
    () => currentCell()?.abort.signal.aborted ?? false,
    (taskId, bundle, isFirst) => {
      const displayId = `progress-${process.pid}-${taskId}`;
      report({ kind: 'display', cell: cellId(), data: { ...bundle }, metadata: {}, displayId, update: !isFirst });
    },
  );
}
