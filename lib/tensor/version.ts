import { resolve } from 'node:path';
import { tensorflowBackend } from './run-op.js';
import { cacheFolder } from './runtime/cache-folder.js';
import { isEngineLoaded } from './runtime/load.js';
import { readRecord } from './runtime/record.js';

/**
 * The version of TensorFlow, for a result's record: the loaded one's own word, else what is set up, else `none`. Loads
 * nothing.
 */
export function tensorFlowVersion(): string {
  if (isEngineLoaded()) return tensorflowBackend().binding.TF_Version;
  return readRecord(resolve(cacheFolder()))?.version ?? 'none';
}
