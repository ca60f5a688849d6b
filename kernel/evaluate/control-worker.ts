/**
 * A second thread of the executor that listens while a cell keeps the first one busy: it can stop JavaScript on the main
 * thread (variables stay, `finally` does not run) and hand over a line of input that `prompt` waits for.
 */
import { Session } from 'node:inspector';
import { Socket } from 'node:net';
import { workerData } from 'node:worker_threads';
import { executorPipes, type ControlRequest } from '../contract.js';
import { readJsonLines } from './json-lines.js';
import { killGroup } from './process-group.js';
import { giveInput, type SharedState } from './shared-state.js';

const state = workerData as SharedState;

const pipe = new Socket({ fd: executorPipes.control, readable: true });
readJsonLines<ControlRequest>(pipe, (request) => {
  if (request.kind === 'input') giveInput(state, request.value);
  else if (mayStop(Atomics.load(state.running, 0), request)) stopMainThread();
});
// The supervisor is gone: a cell that never ends, or a program that it started, must not stay behind.
pipe.on('close', () => killGroup(process.pid));

/** Connected for that moment only: a process with an open session waits for a debugger when it ends. */
function stopMainThread(): void {
  const session = new Session();
  session.connectToMainThread();
  session.post('Runtime.terminateExecution', () => session.disconnect());
}

/** With `force` also what an earlier cell left behind is stopped, when it keeps this cell from starting. */
function mayStop(running: number, { cell, force }: { cell: number; force: boolean }): boolean {
  return running === cell || (force && running === 0);
}
