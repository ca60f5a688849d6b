import * as timers from 'node:timers';
import * as promised from 'node:timers/promises';
import { promisify } from 'node:util';
import { currentCell, type Timer } from './running-cells.js';

type Callback = (...values: unknown[]) => void;

/**
 * The timers that cells see. They are Node's, and an interrupt of the cell that started them takes them away: a loop
 * that waits between its steps never wakes up again. The library and other packages keep Node's own timers, so that
 * they can unwind when their signal aborts.
 */
function setTimeout(callback: Callback, delay?: number, ...values: unknown[]): NodeJS.Timeout {
  const timer = timers.setTimeout(() => (forget(timer), callback(...values)), delay);
  return remember(timer, clearTimeout);
}

function setInterval(callback: Callback, delay?: number, ...values: unknown[]): NodeJS.Timeout {
  return remember(timers.setInterval(callback, delay, ...values), clearInterval);
}

function setImmediate(callback: Callback, ...values: unknown[]): NodeJS.Immediate {
  const timer = timers.setImmediate(() => (forget(timer), callback(...values)));
  return remember(timer, clearImmediate);
}

function clearTimeout(timer: NodeJS.Timeout | undefined): void {
  forget(timer);
  timers.clearTimeout(timer);
}

function clearInterval(timer: NodeJS.Timeout | undefined): void {
  forget(timer);
  timers.clearInterval(timer);
}

function clearImmediate(timer: NodeJS.Immediate | undefined): void {
  forget(timer);
  timers.clearImmediate(timer);
}

/** As in `node:timers/promises`; an interrupt leaves it pending. */
function sleep<T>(delay?: number, value?: T, { signal }: { signal?: AbortSignal } = {}): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve(value);
    }, delay);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

function nextTurn<T>(value?: T): Promise<T | undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(value)));
}

async function* ticks<T>(delay?: number, value?: T): AsyncGenerator<T | undefined> {
  for (;;) yield await sleep(delay, value);
}

function remember<T extends Timer>(timer: T, clear: (timer: T) => void): T {
  const cell = currentCell();
  // What an interrupted cell goes on to start is stopped at once.
  if (cell?.abort.signal.aborted) clear(timer);
  else cell?.timers.set(timer, () => clear(timer));
  return timer;
}

function forget(timer: Timer | undefined): void {
  if (timer) currentCell()?.timers.delete(timer);
}

Object.defineProperty(setTimeout, promisify.custom, { value: sleep });
Object.defineProperty(setImmediate, promisify.custom, { value: nextTurn });

/** The names that every cell finds in its scope. */
export const cellTimers = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate };

const cellPromises = { ...promised, setTimeout: sleep, setInterval: ticks, setImmediate: nextTurn };
const cellModule = { ...timers, ...cellTimers, promises: cellPromises };

/** What `require` gives cells in place of Node's modules. */
export const timerModules: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['timers', cellModule],
  ['node:timers', cellModule],
  ['timers/promises', cellPromises],
  ['node:timers/promises', cellPromises],
]);
