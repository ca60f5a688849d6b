/**
 * A second thread of the executor that listens while a cell keeps the first one busy: it can stop JavaScript on the main
 * thread (variables stay, `finally` does not run) and hand over a line of input that `prompt` waits for.
 */
import { Session } from 'node:inspector';
import { Socket } from 'node:net';
import { workerData } from 'node:worker_threads';
import { executorPipes, type ControlRequest } from '../contract.js';
import { readJsonLines } from './json-lines.js';
import { giveInput, type SharedState } from './shared-state.js';

const state = workerData as SharedState;
const session = new Session();
session.connectToMainThread();

const pipe = new Socket({ fd: executorPipes.control, readable: true });
readJsonLines<ControlRequest>(pipe, (request) => {
  if (request.kind === 'input') giveInput(state, request.value);
  else if (Atomics.load(state.running, 0) === request.cell) session.post('Runtime.terminateExecution');
});
// The supervisor is gone: a cell that never ends must not stay behind.
pipe.on('close', () => process.kill(process.pid, 'SIGKILL'));
