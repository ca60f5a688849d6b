import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { compileFunction } from 'node:vm';
import { cellTimers, timerModules } from './cell-timers.js';

type Require = (id: string) => unknown;

/**
 * `require` for cells: local `.ts` files as the converter compiled them, then packages as seen from the notebook's
 * folder, then the packages that the kernel brings itself.
 */
export class CellModules {
  readonly #code = new Map<string, string>();
  readonly #loaded = new Map<string, { exports: unknown }>();
  readonly #bundled: Require = createRequire(import.meta.url);

  constructor(private readonly folder: string) {}

  /** Takes compiled local files; one that changed is loaded anew at its next import. */
  add(files: readonly { path: string; code: string }[]): void {
    for (const { path, code } of files) {
      this.#code.set(path, code);
      this.#loaded.clear();
    }
  }

  readonly require: Require = (id) => this.requireFrom(this.folder)(id);

  requireFrom(folder: string): Require {
    const native: Require = createRequire(join(folder, 'cell.js'));
    return (id) => {
      const local = this.#local(id, folder);
      if (local !== undefined) return this.#load(local);
      if (timerModules.has(id)) return timerModules.get(id);
      try {
        return native(id);
      } catch (error) {
        if (!isMissing(error, id) || id.startsWith('.') || isAbsolute(id)) throw error;
        return this.#bundled(id);
      }
    };
  }

  #local(id: string, folder: string): string | undefined {
    if (!id.startsWith('.') && !isAbsolute(id)) return undefined;
    const base = resolve(folder, id).replace(/\.[jt]s$/, '');
    return [`${base}.js`, join(base, 'index.js')].find((path) => this.#code.has(path));
  }

  #load(path: string): unknown {
    const loaded = this.#loaded.get(path);
    if (loaded) return loaded.exports;
    const module = { exports: {} as unknown };
    this.#loaded.set(path, module);
    const folder = dirname(path);
    const names = ['exports', 'require', 'module', '__filename', '__dirname'];
    const run = compileFunction(this.#code.get(path)!, names, { filename: path, contextExtensions: [cellTimers] });
    try {
      (run as (...all: unknown[]) => void)(module.exports, this.requireFrom(folder), module, path, folder);
    } catch (error) {
      this.#loaded.delete(path);
      throw error;
    }
    return module.exports;
  }
}

function isMissing(error: unknown, id: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') && message.includes(id);
}
