/** The child process that runs the cells. It knows neither the ports nor the key of the kernel. */
import { Worker } from 'node:worker_threads';
import { interruption, type ErrorReport, type ExecutorRequest } from '../contract.js';
import { toBundle } from '../output/bundle.js';
import { CellLines } from '../output/cell-lines.js';
import { errorReport } from '../output/error-report.js';
import { installPreload } from '../preload.js';
import { CellModules } from './cell-modules.js';
import { CellRunner } from './cell-runner.js';
import { captureProcess, installGlobals, showProgress } from './executor-globals.js';
import { killGroup } from './process-group.js';
import { report } from './report-pipe.js';
import { interruptCell, runAsCell, type RunningCell } from './running-cells.js';
import { makeSharedState } from './shared-state.js';

type RunRequest = Extract<ExecutorRequest, { kind: 'run' }>;

const state = makeSharedState();
const lines = new CellLines();
const runner = new CellRunner(new CellModules(process.cwd()));
let running: RunningCell | undefined;

/** Only the first outcome of a cell counts: what an interrupted cell still does later is its own affair. */
function finish(cell: RunningCell, outcome: { result?: Record<string, unknown>; error?: ErrorReport }): void {
  if (running !== cell) return;
  running = undefined;
  Atomics.store(state.running, 0, 0);
  report({ kind: 'done', cell: cell.id, ...outcome });
}

async function run({ cell: id, label, code, allowInput }: RunRequest): Promise<void> {
  lines.add(label, code.source, code.maps);
  await runAsCell(id, allowInput, async (cell) => {
    running = cell;
    Atomics.store(state.running, 0, id);
    try {
      const value = nameless(await runner.run(code, label), code.lastExpression);
      const result = value === undefined ? undefined : await toBundle(value);
      await Promise.all(cell.pending);
      finish(cell, { result });
    } catch (error) {
      finish(cell, { error: cell.abort.signal.aborted ? interruption : errorReport(error, lines) });
    }
  });
}

/** A function that is the last expression has taken the name of the converter's variable. */
function nameless(value: unknown, variable: string | undefined): unknown {
  if (typeof value === 'function' && value.name === variable) Object.defineProperty(value, 'name', { value: '' });
  return value;
}

function interrupt(id: number): void {
  if (running?.id === id) {
    interruptCell(running);
    finish(running, { error: interruption });
  } else {
    // It ended by itself; but if the engine stopped this thread in the middle of saying so, nobody knows it yet.
    report({ kind: 'done', cell: id, error: interruption });
  }
}

process.on('message', (request: ExecutorRequest) => {
  if (request.kind === 'run') void run(request);
  else if (request.kind === 'interrupt') interrupt(request.cell);
  else process.exit(0);
});
process.on('disconnect', () => (killGroup(process.pid), process.exit(0)));

captureProcess(lines);
installGlobals(state);
installPreload(globalThis);
showProgress();
new Worker(new URL('./control-worker.js', import.meta.url), { workerData: state }).unref();
report({ kind: 'ready' });
