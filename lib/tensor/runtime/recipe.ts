import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { quietSource } from './quiet.js';

const require = createRequire(import.meta.url);

/** The folder of the installed tfjs-node package. */
export function tfjsNodeFolder(): string {
  return dirname(require.resolve('@tensorflow/tfjs-node/package.json'));
}

/** The C++ files of tfjs-node's binding. */
export function bindingSources(): string[] {
  return ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(tfjsNodeFolder(), 'binding', name));
}

/** A hash of all that is compiled: a binding made from other sources (an older dpbench) is not used. */
export function recipe(): string {
  const hash = createHash('sha256');
  for (const source of bindingSources()) hash.update(readFileSync(source));
  hash.update([quietSource, process.platform, process.arch].join('\n'));
  return hash.digest('hex').slice(0, 16);
}
