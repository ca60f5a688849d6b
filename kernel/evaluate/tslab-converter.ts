import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Completeness, Completion, Conversion } from '../contract.js';
import { forTslab } from './cell-source.js';
import { completeness } from './completeness.js';
import { chooseCompletions } from './completions.js';
import { typescriptError } from './diagnostics.js';
import { shareBindings } from './live-bindings.js';
import { loadTslab, type MapSink, type TslabConverter } from './tslab.js';
import { downlevel } from './typings.js';

/** TypeScript's ModuleResolutionKind.Bundler: reads `exports` maps of packages, and needs no file extension. */
const bundlerResolution = 100;

export interface ConverterSettings {
  /** Declarations of the names that every cell has, as the text of a module. */
  readonly globals: string;
  /** Where packages of the kernel itself are found by a notebook that has no `node_modules`: name to `.d.ts` file. */
  readonly packages: Readonly<Record<string, string>>;
  /** What another converter knew. */
  readonly declarations?: string;
}

/** Cells in, CommonJS out, with the names of all cells before known. Synchronous: runs in a thread of its own. */
export class CellConverter {
  readonly #maps: MapSink = {};
  readonly #tslab;
  #converter: TslabConverter | undefined;
  #declarations: string;

  constructor(private readonly settings: ConverterSettings) {
    this.#declarations = settings.declarations ?? '';
    const typesFolder = dirname(dirname(createRequire(import.meta.url).resolve('@types/node/package.json')));
    const paths = Object.fromEntries(Object.entries(settings.packages).map(([name, file]) => [name, [file]]));
    this.#tslab = loadTslab(
      this.#maps,
      {
        moduleResolution: bundlerResolution,
        typeRoots: [typesFolder, join(process.cwd(), 'node_modules', '@types')],
        types: ['node'],
        lib: ['lib.es2023.d.ts'],
        paths,
        baseUrl: undefined,
      },
      downlevel,
    );
  }

  /** The declarations of all cells so far: the converter's only memory. */
  get declarations(): string {
    return this.#declarations;
  }

  convert(source: string, label: string, commit: boolean): Conversion {
    const { text, shift } = forTslab(this.#tslab.ts, source);
    const result = this.#attempt((converter) => converter.convert(this.#declarations, text));
    if (result.diagnostics.length > 0) return { error: typescriptError(result.diagnostics, source, label, shift) };
    if (commit) this.#declarations = result.declOutput ?? '';
    return {
      code: {
        source,
        output: shareBindings(this.#tslab.ts, result.output ?? ''),
        maps: [this.#maps.commonJs, this.#maps.esModule].filter((map) => map !== undefined),
        hasAwait: result.hasToplevelAwait ?? false,
        lastExpression: result.lastExpressionVar,
        sideFiles: (result.sideOutputs ?? []).map(({ path, data }) => ({ path, code: data })),
      },
    };
  }

  complete(source: string, position: number): Completion {
    const { start, end, candidates, original } = this.#attempt((converter) =>
      converter.complete(this.#declarations, source, position),
    );
    const kinds = new Map(original?.entries.map((entry) => [entry.name, entry.kind]));
    return {
      start,
      end,
      items: chooseCompletions(candidates, source.slice(start, position), (name) => kinds.get(name)),
    };
  }

  inspect(source: string, position: number): string | undefined {
    const info = this.#attempt((converter) => converter.inspect(this.#declarations, source, position));
    return info && this.#tslab.printQuickInfo(info);
  }

  isComplete(source: string): Completeness {
    return completeness(this.#tslab.ts, source);
  }

  /** Forgets the names of all cells. */
  reset(): void {
    this.#declarations = '';
  }

  /** Makes the converter now, so that the first cell need not wait. */
  warm(): void {
    this.#ready();
  }

  #ready(): TslabConverter {
    if (this.#converter) return this.#converter;
    const converter = this.#tslab.createConverter();
    converter.addModule('dpbench_globals_', this.settings.globals);
    return (this.#converter = converter);
  }

  /** After an internal failure tslab's state cannot be trusted: the next try starts from the declarations. */
  #attempt<T>(action: (converter: TslabConverter) => T): T {
    try {
      return action(this.#ready());
    } catch {
      this.#converter?.close();
      this.#converter = undefined;
      return action(this.#ready());
    }
  }
}
