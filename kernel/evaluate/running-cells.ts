import { AsyncLocalStorage, createHook } from 'node:async_hooks';

/** One run of a cell, carried along by everything asynchronous that it starts. */
export interface RunningCell {
  readonly id: number;
  readonly allowInput: boolean;
  readonly abort: AbortController;
  /** Displays that are still being drawn. */
  readonly pending: Set<Promise<void>>;
  /** Timers that the cell started and that have not fired: an interrupt clears them. */
  readonly timers: Map<number, NodeJS.Timeout | NodeJS.Immediate>;
}

const storage = new AsyncLocalStorage<RunningCell>();
let last: RunningCell | undefined;

createHook({
  init(asyncId, type, _trigger, resource) {
    if (type !== 'Timeout' && type !== 'Immediate') return;
    storage.getStore()?.timers.set(asyncId, resource as NodeJS.Timeout);
  },
  destroy(asyncId) {
    last?.timers.delete(asyncId);
  },
}).enable();

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
  return storage.run(cell, () => action(cell));
}

/** Tells the cell to stop and takes away the timers that would wake it up again. */
export function interruptCell(cell: RunningCell): void {
  cell.abort.abort(new DOMException('The cell was interrupted', 'AbortError'));
  for (const timer of cell.timers.values()) {
    clearTimeout(timer as NodeJS.Timeout);
    clearImmediate(timer as NodeJS.Immediate);
  }
  cell.timers.clear();
}
