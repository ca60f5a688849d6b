import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cellPlace } from './cell-lines.js';

const kernelFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const libraryFolder = join(dirname(kernelFolder), 'lib');
/** Both ways in which a stack trace writes a file of a folder. */
const isIn = (folder: string, frame: string): boolean =>
  frame.includes(join(folder, '/')) || frame.includes(`${pathToFileURL(folder).href}/`);

/**
 * The lines of a stack trace that say something to the user: those in cells and in files of the user. What happened
 * inside a library becomes one line a library; what called the cell (the kernel, Node below it) is left out.
 * The environment variable DPBENCH_STACK shows all lines.
 */
export function foldFrames(frames: readonly string[]): string[] {
  if (process.env.DPBENCH_STACK) return [...frames];
  const owned = frames.map((frame) => ({ frame, owner: ownerOf(frame) })).filter(({ owner }) => owner !== 'kernel');
  // Node's own frames below the last one of anybody else only called it.
  const last = owned.findLastIndex(({ owner }) => owner !== 'Node');
  const folded: string[] = [];
  let inside = { owner: '', count: 0 };
  const close = (): void => {
    const { owner, count } = inside;
    if (count > 0) folded.push(`    … ${count} ${count === 1 ? 'call' : 'calls'} inside ${owner}`);
    inside = { owner: '', count: 0 };
  };
  for (const { frame, owner } of owned.slice(0, last + 1)) {
    if (owner !== inside.owner) close();
    if (owner === undefined) folded.push(frame);
    else inside = { owner, count: inside.count + 1 };
  }
  close();
  return folded;
}

/** Who wrote the code of a frame: a library by its name, `kernel` for what is left out, or undefined for the user. */
function ownerOf(frame: string): string | undefined {
  if (new RegExp(cellPlace.source).test(frame)) return undefined;
  if (isIn(kernelFolder, frame)) return 'kernel';
  if (isIn(libraryFolder, frame)) return 'dpbench';
  const name = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(frame)?.[1];
  if (name) return name.replace('\\', '/');
  // `Array.map (<anonymous>)` says nothing that the line of the cell does not say.
  if (frame.endsWith('(<anonymous>)')) return 'kernel';
  return /\(?node:[\w/]+:\d+:\d+\)?$/.test(frame) ? 'Node' : undefined;
}
