import { join } from 'node:path';
import { Script } from 'node:vm';
import type { CellCode } from '../contract.js';
import { cellFile } from '../output/cell-lines.js';
import type { CellModules } from './cell-modules.js';
import { cellTimers } from './cell-timers.js';

/** The names of all cells so far. Everything on it can be defined again by a later cell. */
function cellScope(): Record<string, unknown> {
  return new Proxy<Record<string, unknown>>(Object.create(null) as Record<string, unknown>, {
    defineProperty(target, name, descriptor) {
      if (name === '__esModule') return true;
      const before = Reflect.getOwnPropertyDescriptor(target, name);
      // Assigning to a constant of an earlier cell arrives here with a value alone; a definition brings its flags.
      const isNew = !before || 'get' in descriptor || 'get' in before;
      return Reflect.defineProperty(target, name, isNew ? { ...plain, ...descriptor, configurable: true } : descriptor);
    },
  });
}

const plain = { enumerable: true };

/** Runs compiled cells one after the other in one scope, on the thread that it is called on. */
export class CellRunner {
  readonly #scope = cellScope();

  constructor(private readonly modules: CellModules) {}

  /** The value of the last expression, or undefined. Lines of errors are those of the compiled text. */
  async run(code: CellCode, label: string): Promise<unknown> {
    this.modules.add(code.sideFiles);
    // Two functions, so that a cell may declare a name of the outer one again.
    const head =
      `(function(${Object.keys(cellTimers).join(', ')}) { return ` +
      `${code.hasAwait ? 'async ' : ''}function(exports, require, __dirname, __filename) { `;
    const script = new Script(`${head}${code.output}\n} })`, {
      filename: cellFile(label),
      columnOffset: -head.length,
    });
    const outer = script.runInThisContext() as (...all: unknown[]) => (...all: unknown[]) => unknown;
    const folder = process.cwd();
    await outer(...Object.values(cellTimers))(this.#scope, this.modules.require, folder, join(folder, cellFile(label)));
    const { lastExpression } = code;
    if (lastExpression === undefined) return undefined;
    const value = this.#scope[lastExpression];
    delete this.#scope[lastExpression];
    return value;
  }
}
