import { afterEach, describe, expect, it } from 'vitest';
import {
  onProgress,
  progressGroup,
  ProgressTask,
  withoutProgress,
  type TimedReport,
} from '../../../lib/core/progress.js';

const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));

function reports(): TimedReport[] {
  const heard: TimedReport[] = [];
  stops.push(onProgress((report) => heard.push(report)));
  return heard;
}

describe('progress', () => {
  it('of a task says how far it is, and ends with done', () => {
    const heard = reports();
    const task = new ProgressTask('training', 4);
    task.report({ step: 3, loss: 0.5 });
    task.done();
    expect(heard.map(({ step, done, loss }) => [step, done, loss])).toEqual([
      [0, false, undefined],
      [3, false, 0.5],
      [4, true, 0.5],
    ]);
    expect(new Set(heard.map(({ taskId }) => taskId)).size).toBe(1);
  });

  it('of a group is one task, in which short work can keep silent', async () => {
    const heard = reports();
    await progressGroup('run', async () => {
      new ProgressTask('training', 2).report({ step: 1 });
      await withoutProgress(async () => {
        new ProgressTask('a look', 1).done();
        await progressGroup('inside', () => Promise.resolve(new ProgressTask('deeper', 1).done()));
      });
      new ProgressTask('sampling', 2);
    });
    expect(heard.map(({ task }) => task)).toEqual(['run: training', 'run: training', 'run: sampling', 'run']);
    expect(new Set(heard.map(({ taskId }) => taskId)).size).toBe(1);
    expect(heard.map(({ done }) => done)).toEqual([false, false, false, true]);
  });
});
