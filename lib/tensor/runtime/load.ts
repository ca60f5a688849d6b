import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import util from 'node:util';
import { EngineError } from '../../core/errors.js';
import { cacheFolder } from './cache-folder.js';
import { quietly } from './quiet.js';
import { readRecord } from './record.js';

// A value of this type comes from require, which has no types of its own.
// eslint-disable-next-line @typescript-eslint/consistent-type-imports -- `import type` of a whole CommonJS module cannot be named
export type TensorflowModule = typeof import('@tensorflow/tfjs-node');

const require = createRequire(import.meta.url);
let loaded: TensorflowModule | undefined;

/** True once the engine is in this process. */
export function isEngineLoaded(): boolean {
  return loaded !== undefined;
}

/**
 * Loads the engine that `dpbench setup` made ready (0.4 s and 360 MB at the first call). It blocks, because the first use
 * of `tf` in a cell must: `tf.tensor([1])` cannot be awaited.
 *
 * @throws EngineError naming `dpbench setup` when there is no engine.
 */
export function loadEngine(): TensorflowModule {
  loaded ??= load();
  return loaded;
}

function load(): TensorflowModule {
  const cache = resolve(cacheFolder());
  const record = readRecord(cache);
  if (!record) {
    throw new EngineError({
      asked: 'tf',
      wrong: 'the tensor engine is not set up',
      got: process.env['DPBENCH_TENSORFLOW'] || cache,
      expected: 'an engine that `dpbench setup` made ready',
      next: 'Run `dpbench setup` (about a minute, once), then try again.',
    });
  }
  prepareProcess();
  try {
    standInForPreGyp(record.binding);
    return quietly(record.binding, () => require('@tensorflow/tfjs-node') as TensorflowModule);
  } catch (error) {
    throw new EngineError(
      {
        asked: 'tf',
        wrong: `the tensor engine cannot be loaded (${(error as Error).message.split('\n')[0]})`,
        got: record.binding,
        expected: 'a binding that fits the TensorFlow beside it',
        next: `Delete ${cache} and run \`dpbench setup\` again.`,
      },
      { cause: error },
    );
  }
}

function prepareProcess(): void {
  // Remarks that TensorFlow makes while it runs would land in the user's cell. Errors come back as exceptions.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  // Otherwise TensorFlow takes the whole memory of a GPU at once, from everybody else who uses it.
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  // Node 23 removed this function and tfjs-node 4.22 calls it at every op: https://github.com/tensorflow/tfjs/issues/8425
  const old = util as { isNullOrUndefined?: (value: unknown) => boolean };
  old.isNullOrUndefined ??= (value) => value === null || value === undefined;
}

/** tfjs-node asks node-pre-gyp where its binding is. This answer replaces the whole package, which is never loaded. */
function standInForPreGyp(binding: string): void {
  const ofTfjsNode = createRequire(require.resolve('@tensorflow/tfjs-node/package.json'));
  const path = ofTfjsNode.resolve('@mapbox/node-pre-gyp');
  const exports = { find: () => binding };
  require.cache[path] = {
    id: path,
    filename: path,
    path,
    exports,
    loaded: true,
    children: [],
    paths: [],
  } as unknown as NodeJS.Module;
}
