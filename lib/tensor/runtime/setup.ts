import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DpbenchError, EngineError } from '../../core/errors.js';
import { buildBinding, findCompiler } from './build.js';
import { cacheFolder } from './cache-folder.js';
import { fetchTensorflow } from './fetch.js';
import { findTensorflow, type FoundTensorflow } from './find.js';
import { withLock } from './lock.js';
import { recipe } from './recipe.js';
import { readRecord, writeRecord, type EngineRecord } from './record.js';

export interface SetupOptions {
  /** Ask for a TensorFlow that can use CUDA. Default: any. */
  readonly gpu?: boolean;
  /** A folder with TensorFlow to use instead of looking for one. */
  readonly tensorflow?: string;
  /** Told what is being done, line by line. */
  readonly onLine?: (line: string) => void;
}

/** What is set up. */
export interface EngineReport extends EngineRecord {
  readonly cache: string;
  /** True when everything was there already. */
  readonly already: boolean;
  readonly seconds: number;
}

/**
 * Makes the tensor engine ready: finds or fetches a TensorFlow, and builds the binding for it, once for a user. Safe to
 * call at any time and from several processes at once; the second call takes milliseconds. What an earlier, killed
 * try left behind is cleared away.
 *
 * @throws EngineError with the command that mends it: no pip, no compiler, no connection, a cache that cannot be
 * written, a folder that is no TensorFlow.
 * @example const { version, tensorflow } = await setupEngine({ onLine: console.error });
 */
export async function setupEngine(options: SetupOptions = {}): Promise<EngineReport> {
  const started = performance.now();
  const cache = resolve(cacheFolder());
  const report = (record: EngineRecord, already: boolean): EngineReport => {
    return { ...record, cache, already, seconds: (performance.now() - started) / 1000 };
  };
  const there = readRecord(cache);
  if (there && fits(there, options)) return report(there, true);
  const say = options.onLine ?? (() => undefined);
  try {
    return await withLock(
      join(cache, 'setup.lock'),
      async () => {
        const made = readRecord(cache);
        if (made && fits(made, options)) return report(made, true);
        return report(await setUp(cache, options, say), false);
      },
      (holder) => say(`waiting for ${holder}, which is setting up the engine`),
    );
  } catch (error) {
    throw setupError(error, cache);
  }
}

function fits(record: EngineRecord, { gpu = false, tensorflow }: SetupOptions): boolean {
  if (tensorflow !== undefined) return record.source === 'option' && record.asked === resolve(tensorflow);
  return !gpu || record.cuda;
}

interface BuiltEngine {
  readonly tensorflow: FoundTensorflow;
  readonly binding: string;
}

/** Under the lock: nobody else writes to the cache now. */
async function setUp(cache: string, options: SetupOptions, say: (line: string) => void): Promise<EngineRecord> {
  await clearLeftovers(cache);
  const { gpu = false, tensorflow: folder } = options;
  const bring = async (withoutPython: boolean): Promise<BuiltEngine> => {
    const found = await findTensorflow({ gpu, folder, cache, withoutPython });
    const tensorflow: FoundTensorflow = found ?? { ...(await fetchTensorflow(cache, gpu, say)), source: 'pip' };
    say(`TensorFlow ${tensorflow.version} in ${tensorflow.folder} (${tensorflow.source})`);
    try {
      return { tensorflow, binding: await buildBinding(cache, tensorflow, say) };
    } catch (error) {
      // Nobody asked for the one that Python has: where it does not do (another compiler's, damaged), another may.
      if (tensorflow.source !== 'python' || !(await findCompiler())) throw error;
      say(`the tensorflow of Python cannot be used: ${(error as Error).message}`);
      return bring(true);
    }
  };
  const { tensorflow, binding } = await bring(false);
  const record: EngineRecord = {
    tensorflow: tensorflow.folder,
    version: tensorflow.version,
    source: tensorflow.source,
    asked: folder === undefined ? (process.env['DPBENCH_TENSORFLOW'] ?? '') : resolve(folder),
    // A named folder is taken at its word: archives do not say whether they can use CUDA. The doctor looks for the GPU.
    cuda: gpu || tensorflow.cuda,
    binding,
    recipe: recipe(),
  };
  await writeRecord(cache, record);
  return record;
}

/** Half-fetched and half-built folders of a process that was killed. */
async function clearLeftovers(cache: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  for (const name of await readdir(cache)) {
    if (/^(fetch|build)-/.test(name)) await rm(join(cache, name), { recursive: true, force: true });
  }
}

/** A refusal of the file system in words that say what to do; anything else as it is. */
export function setupError(error: unknown, cache: string): unknown {
  const { code, syscall, message, path } = error as NodeJS.ErrnoException;
  if (error instanceof DpbenchError || syscall === undefined) return error;
  if (code === 'ENOSPC') {
    return new EngineError(
      {
        asked: 'dpbench setup',
        wrong: 'the disk is full',
        got: cache,
        expected: 'about 1.5 GB of room (5 GB with CUDA)',
        next: 'Make room, or set DPBENCH_CACHE to a folder on another disk, and run `dpbench setup` again.',
      },
      { cause: error },
    );
  }
  if (path !== undefined && code === 'ENOENT' && !path.startsWith(cache)) {
    return new EngineError(
      {
        asked: 'dpbench setup',
        wrong: 'a file that npm installs is not there',
        got: path,
        next: 'Install the packages of dpbench again (`npm ci` in a clone), then run `dpbench setup` again.',
      },
      { cause: error },
    );
  }
  return new EngineError(
    {
      asked: 'dpbench setup',
      wrong: `the cache cannot be written (${message})`,
      got: cache,
      expected: 'a folder that you may write to',
      next: 'Set DPBENCH_CACHE to such a folder and run `dpbench setup` again.',
    },
    { cause: error },
  );
}
