import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { cacheFolder } from '../../lib/tensor/runtime/cache-folder.js';
import { builtKernel } from './built-kernel.js';

const suite = join(dirname(fileURLToPath(import.meta.url)), 'conformance.py');

/** The Python of the environment that `npm test` prepares and names; of an earlier one when vitest runs by itself. */
function jupyterPython(): string | undefined {
  const cache = cacheFolder();
  const made = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('jupyter-')) : [];
  const folders = [process.env.DPBENCH_JUPYTER, ...made.map((name) => join(cache, name))];
  const bin = process.platform === 'win32' ? join('Scripts', 'python.exe') : join('bin', 'python');
  return folders.map((folder) => folder && join(folder, bin)).find((python) => python && existsSync(python));
}

const python = jupyterPython();

it.skipIf(python === undefined)(
  'passes all of jupyter_kernel_test through the client of Jupyter',
  () => {
    const data = mkdtempSync(join(tmpdir(), 'dpbench-conformance-'));
    try {
      const folder = join(data, 'kernels', 'dpbench-test');
      mkdirSync(folder, { recursive: true });
      const spec = { argv: builtKernel(), display_name: 'test', language: 'typescript', interrupt_mode: 'message' };
      writeFileSync(join(folder, 'kernel.json'), JSON.stringify(spec));
      const env = { ...process.env, JUPYTER_PATH: data };
      const { stderr, status } = spawnSync(python!, [suite, '-v'], { encoding: 'utf8', env, timeout: 110_000 });
      expect(stderr).toMatch(/\nRan 13 tests in .*\n\nOK\n$/);
      expect(status).toBe(0);
    } finally {
      rmSync(data, { recursive: true });
    }
  },
  120_000,
);
