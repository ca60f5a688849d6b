import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EngineError } from '../../core/errors.js';
import { runProgram } from './program.js';
import { expectedLibraries, openTensorflowFolder, type TensorflowFolder } from './tensorflow-folder.js';

/** Where a TensorFlow came from. */
export type TensorflowSource = 'DPBENCH_TENSORFLOW' | 'option' | 'python' | 'cache' | 'pip';

export interface FoundTensorflow extends TensorflowFolder {
  readonly source: TensorflowSource;
}

export interface FindOptions {
  /** Only a build that can use CUDA will do. */
  readonly gpu?: boolean;
  /** The caller's own choice of a folder; before everything else. */
  readonly folder?: string;
  /** Pass over the tensorflow of the active Python. */
  readonly withoutPython?: boolean;
  readonly cache: string;
}

/**
 * Looks for a TensorFlow that is already on the machine: the folder asked for, `DPBENCH_TENSORFLOW`, the `tensorflow`
 * of the active Python, the cache. Undefined when there is none.
 *
 * @throws EngineError when two folders are named, or a folder was named and is no TensorFlow: a named folder is never passed over in silence.
 */
export async function findTensorflow({
  gpu = false,
  folder,
  withoutPython = false,
  cache,
}: FindOptions): Promise<FoundTensorflow | undefined> {
  const named = process.env['DPBENCH_TENSORFLOW'];
  if (folder !== undefined && named && resolve(folder) !== resolve(named)) throw twoFolders(folder, named);
  if (folder !== undefined) return { ...namedFolder('tensorflow', folder), source: 'option' };
  if (named) return { ...namedFolder('DPBENCH_TENSORFLOW', named), source: 'DPBENCH_TENSORFLOW' };
  const ofPython = withoutPython ? undefined : await pythonTensorflow();
  if (ofPython && (!gpu || ofPython.cuda)) return { ...ofPython, source: 'python' };
  const cached = cachedTensorflow(cache, gpu);
  return cached && { ...cached, source: 'cache' };
}

/** Loading follows the variable: an engine set up for another folder would be ready and never used. */
function twoFolders(folder: string, named: string): EngineError {
  return new EngineError({
    asked: 'tensorflow',
    wrong: 'DPBENCH_TENSORFLOW names another folder',
    got: folder,
    expected: `the same as DPBENCH_TENSORFLOW, '${named}'`,
    next: 'Unset DPBENCH_TENSORFLOW, or leave the option out.',
  });
}

function namedFolder(asked: string, path: string): TensorflowFolder {
  const found = openTensorflowFolder(path);
  if (found) return found;
  throw new EngineError({
    asked,
    wrong: 'this folder holds no TensorFlow',
    got: path,
    expected: expectedLibraries(),
    next: "Name the folder `tensorflow` inside a Python's site-packages, or leave it out and run `dpbench setup`.",
  });
}

/** Asks Python where `tensorflow` lies. `find_spec` does not import it: importing takes seconds and 400 MB. */
const whereScript =
  "import importlib.util as u; s = u.find_spec('tensorflow'); print(s.origin if s and s.origin else '', end='')";

async function pythonTensorflow(): Promise<TensorflowFolder | undefined> {
  for (const python of pythonNames) {
    const { status, stdout } = await runProgram(python, ['-c', whereScript]);
    if (status !== 0) continue;
    return stdout === '' ? undefined : openTensorflowFolder(join(stdout, '..'));
  }
  return undefined;
}

/** What the Python of the active environment may be called. */
export const pythonNames = ['python3', 'python'] as const;

/** The folder of the cache that holds fetched TensorFlows, one folder each. */
export function fetchedFolder(cache: string): string {
  return join(cache, 'tensorflow');
}

function cachedTensorflow(cache: string, gpu: boolean): TensorflowFolder | undefined {
  let names: string[];
  try {
    names = readdirSync(fetchedFolder(cache)).sort().reverse();
  } catch {
    return undefined;
  }
  for (const name of names) {
    const found = openTensorflowFolder(join(fetchedFolder(cache), name));
    if (found && (!gpu || found.cuda)) return found;
  }
  return undefined;
}
