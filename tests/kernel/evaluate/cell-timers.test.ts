import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { cellTimers, timerModules } from '../../../kernel/evaluate/cell-timers.js';
import { interruptCell, runAsCell, type RunningCell } from '../../../kernel/evaluate/running-cells.js';

const { setTimeout, setInterval, setImmediate, clearTimeout } = cellTimers;
const { setTimeout: sleep } = timerModules.get('node:timers/promises') as {
  setTimeout: (ms: number, value?: unknown, options?: object) => Promise<unknown>;
};
const real = (ms: number) => new Promise((resolve) => globalThis.setTimeout(resolve, ms));

const asCell = <T>(action: (cell: RunningCell) => Promise<T>) => runAsCell(1, false, action);

it('fire as those of Node, with their arguments, and are forgotten then', async () => {
  await asCell(async (cell) => {
    const seen: unknown[] = [];
    setTimeout((value) => seen.push(value), 1, 'timeout');
    setImmediate((value) => seen.push(value), 'immediate');
    const never = setTimeout(() => seen.push('never'), 1);
    clearTimeout(never);
    expect(await sleep(5, 'slept')).toBe('slept');
    await (promisify(setTimeout) as (delay: number) => Promise<void>)(1);
    expect(seen).toEqual(['immediate', 'timeout']);
    expect(cell.timers.size).toBe(0);
  });
});

it('an interrupt takes all of them away: nothing of the cell wakes up again', async () => {
  let wakes = 0;
  await asCell(async (cell) => {
    const loop = async () => {
      for (;;) {
        await sleep(2);
        wakes++;
      }
    };
    void loop();
    setInterval(() => wakes++, 2);
    setTimeout(() => wakes++, 1);
    setImmediate(() => wakes++);
    await Promise.resolve();
    interruptCell(cell);
    expect(cell.abort.signal.aborted).toBe(true);
    setTimeout(() => wakes++, 1);
    await real(30);
  });
  expect(wakes).toBe(0);
});

it('a wait listens to its own signal', async () => {
  await asCell(async () => {
    const stop = new AbortController();
    const waiting = sleep(10_000, undefined, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(sleep(1, undefined, { signal: stop.signal })).rejects.toThrow('enough');
  });
});
