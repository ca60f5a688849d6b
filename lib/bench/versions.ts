import { createRequire } from 'node:module';
import { tensorFlowVersion } from '../tensor/index.js';

const require = createRequire(import.meta.url);

/** The versions that a result was made with. */
export function versions(): Record<string, string> {
  return {
    dpbench: packageVersion(),
    node: process.versions.node,
    tensorflow: tensorFlowVersion(),
    platform: `${process.platform}-${process.arch}`,
  };
}

function packageVersion(): string {
  // From the source tree and from dist the package file is two or three folders up.
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { name, version } = require(path) as { name: string; version: string };
      if (name === 'dpbench') return version;
    } catch {
      continue;
    }
  }
  return 'unknown';
}
