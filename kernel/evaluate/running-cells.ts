import { AsyncLocalStorage } from 'node:async_hooks';
import { tolerateLostContexts } from './async-checks.js';

/** One run of a cell, carried along by everything asynchronous that it starts. */
export interface RunningCell {
  readonly id: number;
  readonly allowInput: boolean;
  readonly abort: AbortController;
  /** Displays that are still being drawn. */
  readonly pending: Set<Promise<void>>;
  /** Timers that the cell started and that have not fired, with the way to take each away. */
  readonly timers: Map<Timer, () => void>;
}

export type Timer = NodeJS.Timeout | NodeJS.Immediate;

// No hook of `node:async_hooks` may be added here: with one, Node aborts when a cell is interrupted inside a timer.
const storage = new AsyncLocalStorage<RunningCell>();
let last: RunningCell | undefined;

/** The cell that the running code belongs to: the one that started it, else the last one. */
export function currentCell(): RunningCell | undefined {
  return storage.getStore() ?? last;
}

export async function runAsCell<T>(
  id: number,
  allowInput: boolean,
  action: (cell: RunningCell) => Promise<T>,
): Promise<T> {
  const cell: RunningCell = { id, allowInput, abort: new AbortController(), pending: new Set(), timers: new Map() };
  last = cell;
  return storage.run(cell, () => {
    tolerateLostContexts();
    return action(cell);
  });
}

/** Tells the cell to stop and takes away the timers that would wake it up again. */
export function interruptCell(cell: RunningCell): void {
  cell.abort.abort(new DOMException('The cell was interrupted', 'AbortError'));
  for (const stop of [...cell.timers.values()]) stop();
  cell.timers.clear();
}
