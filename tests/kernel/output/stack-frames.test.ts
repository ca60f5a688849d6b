import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { foldFrames } from '../../../kernel/output/stack-frames.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const own = (path: string) => pathToFileURL(join(root, path)).href;

it('folds what happened inside libraries, and leaves out the kernel and what called the cell', () => {
  const frames = [
    `    at check (${own('lib/core/check.js')}:10:11)`,
    `    at run (${own('lib/bench/run.js')}:3:5)`,
    '    at Array.map (<anonymous>)',
    '    at conv2d (/x/node_modules/@tensorflow/tfjs/dist/tf.node.js:1:2)',
    '    at f (Cell 2.ts:3:1)',
    '    at read (node:fs:10:5)',
    '    at Object.<anonymous> (/home/me/own.js:1:1)',
    '    at Cell 3.ts:2:9',
    `    at CellRunner.run (${join(root, 'kernel/evaluate/cell-runner.js')}:40:5)`,
    '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
  ];
  expect(foldFrames(frames)).toEqual([
    '    … 2 calls inside dpbench',
    '    … 1 call inside @tensorflow/tfjs',
    '    at f (Cell 2.ts:3:1)',
    '    … 1 call inside Node',
    '    at Object.<anonymous> (/home/me/own.js:1:1)',
    '    at Cell 3.ts:2:9',
  ]);
});

it('shows nothing of an error that came from Node alone', () => {
  expect(foldFrames(['    at open (node:internal/fs/promises:639:25)'])).toEqual([]);
});

it('shows everything when asked', () => {
  process.env.DPBENCH_STACK = '1';
  try {
    const frames = ['    at open (node:internal/fs/promises:639:25)'];
    expect(foldFrames(frames)).toEqual(frames);
  } finally {
    delete process.env.DPBENCH_STACK;
  }
});
