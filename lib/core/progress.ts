import { AsyncLocalStorage } from 'node:async_hooks';
import type { Images } from './images.js';

/** What long work reports: enough for a bar, a line of text or a live chart. */
export interface ProgressReport {
  /** What is being done: `training the generator`. */
  readonly task: string;
  readonly step: number;
  readonly steps: number;
  /** Last loss of the training, when there is one. */
  readonly loss?: number;
  /** Privacy budget spent so far (upper bound), when the work spends one. */
  readonly epsilon?: number | undefined;
  /** A curve over the steps that grows while the work runs: `{ name: 'FID', points: [[100, 80.1], …] }`. */
  readonly curve?: { readonly name: string; readonly points: readonly (readonly [step: number, value: number])[] };
  /** Some sample images, when the work makes images. */
  readonly samples?: Images | undefined;
}

/** A report with the times that the clock of `ProgressTask` adds. */
export interface TimedReport extends ProgressReport {
  /** Steps a second, over the whole task so far; 0 before the first step. */
  readonly rate: number;
  readonly secondsSpent: number;
  /** Seconds left at that rate; Infinity before the first step. */
  readonly secondsLeft: number;
  /** True for the last report of the task. */
  readonly done: boolean;
  /** The same for all reports of one task. */
  readonly taskId: number;
}

export type ProgressListener = (report: TimedReport) => void;

const listeners = new Set<ProgressListener>();
let nextTaskId = 1;

/** Listens to all progress of this process (the command line and the kernel do). Returns the function that stops. */
export function onProgress(listener: ProgressListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * One piece of long work. Call `report` at every step (it is cheap) and `await pause()` in the loop, so that the
 * event loop turns and an abort is noticed.
 *
 * @example
 * const task = new ProgressTask('training', 2000, signal);
 * for (let step = 1; step <= 2000; step++) { …; task.report({ step, loss }); await task.pause(); }
 * task.done();
 */
export class ProgressTask {
  readonly #id = nextTaskId++;
  readonly #started = performance.now();
  #last: ProgressReport;
  #paused = performance.now();

  constructor(
    task: string,
    steps: number,
    readonly signal?: AbortSignal,
  ) {
    this.#last = { task, step: 0, steps };
    this.report({});
  }

  /** What is known so far is kept: report only what changed. */
  report(change: Partial<ProgressReport>): void {
    this.#last = { ...this.#last, ...change };
    this.#tell(false);
  }

  /** Ends the task: the last report says `done`. */
  done(change: Partial<ProgressReport> = {}): void {
    this.#last = { ...this.#last, step: this.#last.steps, ...change };
    this.#tell(true);
  }

  /** Throws when the work was aborted; lets timers and messages run at most every 20 ms. */
  async pause(): Promise<void> {
    this.signal?.throwIfAborted();
    const now = performance.now();
    if (now - this.#paused < 20) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#paused = performance.now();
    this.signal?.throwIfAborted();
  }

  #tell(done: boolean): void {
    if (listeners.size === 0) return;
    const { step, steps } = this.#last;
    const secondsSpent = (performance.now() - this.#started) / 1000;
    const rate = secondsSpent > 0 ? step / secondsSpent : 0;
    const secondsLeft = done ? 0 : rate > 0 ? (steps - step) / rate : Infinity;
    const timed = { ...this.#last, rate, secondsSpent, secondsLeft };
    const group = groups.getStore();
    if (group === silent) return;
    if (group) group.tell(timed);
    else send({ ...timed, done, taskId: this.#id });
  }
}

function send(report: TimedReport): void {
  for (const listener of listeners) listener(report);
}

/** Several tasks that are shown as one, under one `taskId`: what one of them reports of a curve stays visible in the next. */
export class ProgressGroup {
  readonly #id = nextTaskId++;
  readonly #started = performance.now();
  #kept: Pick<ProgressReport, 'curve' | 'epsilon' | 'samples'> = {};

  /** Which part of the group is at work, in words. */
  part = '';

  constructor(readonly name: string) {}

  /** Keeps a curve, the budget spent or samples in view for all later reports of the group. */
  keep(kept: Pick<ProgressReport, 'curve' | 'epsilon' | 'samples'>): void {
    this.#kept = { ...this.#kept, ...kept };
  }

  tell(report: Omit<TimedReport, 'done' | 'taskId'>): void {
    send({
      ...this.#kept,
      ...report,
      task: [this.name, this.part, report.task].filter(Boolean).join(': '),
      done: false,
      taskId: this.#id,
    });
  }

  done(): void {
    const secondsSpent = (performance.now() - this.#started) / 1000;
    const whole = { task: this.name, step: 1, steps: 1, rate: 0, secondsSpent, secondsLeft: 0 };
    send({ ...this.#kept, ...whole, done: true, taskId: this.#id });
  }
}

const silent = Symbol('work that is not shown');
const groups = new AsyncLocalStorage<ProgressGroup | typeof silent>();

/** Runs short work inside longer work whose progress stays in view: the tasks of the short one tell nothing. */
export const withoutProgress = <T>(work: () => Promise<T>): Promise<T> => groups.run(silent, work);

/** Runs work whose tasks are shown as one; a group inside a group joins it. */
export async function progressGroup<T>(name: string, work: (group: ProgressGroup) => Promise<T>): Promise<T> {
  const outer = groups.getStore();
  if (outer === silent) return work(new ProgressGroup(name));
  if (outer) return work(outer);
  const group = new ProgressGroup(name);
  return groups.run(group, async () => {
    const result = await work(group);
    group.done();
    return result;
  });
}
