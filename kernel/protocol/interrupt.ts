import type { Handler } from './kernel.js';

/** Stops the running cell and keeps its variables. Answers at once; harmless when nothing runs. */
export const interrupt: Handler = (kernel) => {
  kernel.interruptCount++;
  kernel.executor.interrupt();
  return { status: 'ok' };
};
