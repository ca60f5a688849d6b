import { writeSync } from 'node:fs';
import { executorPipes, type ExecutorReport } from '../contract.js';

/**
 * Writes reports to the supervisor at once, even while a cell blocks the event loop. The write waits while the pipe is
 * full: a cell that prints without end slows down instead of filling the memory.
 */
export function report(message: ExecutorReport): void {
  const text = JSON.stringify(message, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  // An interrupt may have cut the report before in the middle: its rest never comes, and the reader skips it.
  const bytes = Buffer.from(isCut ? `\n${text}\n` : `${text}\n`);
  isCut = true;
  for (let sent = 0; sent < bytes.length;) {
    try {
      sent += writeSync(executorPipes.reports, bytes, sent);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
  isCut = false;
}

let isCut = false;
const pause = new Int32Array(new SharedArrayBuffer(4));
