import type typescript from '@tslab/typescript-for-tslab';
import { createRequire } from 'node:module';
import { plainBuilder } from './plain-builder.js';
import { expandShorthand } from './shorthand.js';

/** The part of tslab's converter that is used here; the package has no typings of its own for it. */
export interface TslabConverter {
  convert(previous: string, source: string): TslabConversion;
  inspect(previous: string, source: string, position: number): typescript.QuickInfo | undefined;
  complete(previous: string, source: string, position: number): TslabCompletion;
  addModule(name: string, content: string): TslabDiagnostic[];
  close(): void;
}

export interface TslabConversion {
  output?: string;
  declOutput?: string;
  diagnostics: TslabDiagnostic[];
  hasToplevelAwait?: boolean;
  lastExpressionVar?: string;
  sideOutputs?: { path: string; data: string }[];
}

export interface TslabDiagnostic {
  start: { line: number; character: number };
  end: { line: number; character: number };
  messageText: string;
  code: number;
  fileName?: string;
}

interface TslabCompletion {
  start: number;
  end: number;
  candidates: string[];
  original?: typescript.CompletionInfo;
}

/** Receives the source maps of the two steps that tslab takes, which tslab itself throws away. */
export interface MapSink {
  esModule?: string;
  commonJs?: string;
}

export interface TslabModules {
  ts: typeof typescript;
  createConverter(): TslabConverter;
  printQuickInfo(info: typescript.QuickInfo): string;
}

type Typescript = typeof typescript;
type Downlevel = (path: string, text: string) => string;

/**
 * Loads tslab's converter around a patched TypeScript: our compiler options, source maps kept, type declarations that
 * TypeScript 5.0 can read, and no file watchers outside the user's folder. The patches must be in place before tslab is
 * loaded, because it takes TypeScript's functions at that moment.
 */
export function loadTslab(maps: MapSink, options: typescript.CompilerOptions, downlevel: Downlevel): TslabModules {
  const require = createRequire(import.meta.url);
  const tslabRequire = createRequire(require.resolve('tslab/dist/converter.js'));
  const path = tslabRequire.resolve('@tslab/typescript-for-tslab');
  const original = tslabRequire(path) as Typescript;
  // The package's own object has fixed properties: a copy takes its place in the module cache.
  const ts = { ...original, ...keepMaps(original, maps, options), ...exactKinds(original) } as Typescript;
  patchSystem(ts, downlevel);
  require.cache[path]!.exports = ts;
  const converter = require('tslab/dist/converter.js') as { createConverter: () => TslabConverter };
  const inspect = require('tslab/dist/inspect.js') as { printQuickInfo: TslabModules['printQuickInfo'] };
  return { ts, createConverter: converter.createConverter, printQuickInfo: inspect.printQuickInfo };
}

function keepMaps(ts: Typescript, maps: MapSink, options: typescript.CompilerOptions): Partial<Typescript> {
  const createWatchCompilerHost = (files: string[], given: typescript.CompilerOptions, ...rest: unknown[]): unknown => {
    const create = ts.createWatchCompilerHost as unknown as (...all: unknown[]) => {
      createProgram: typescript.CreateProgram<never>;
    };
    const host = create(files, { ...given, ...options, sourceMap: true }, ...rest);
    host.createProgram = ((...all: unknown[]) => withMap(ts, plainBuilder(ts, ...all), maps)) as never;
    return host;
  };
  const transpileModule: Typescript['transpileModule'] = (input, request) => {
    const compilerOptions = { ...request.compilerOptions, sourceMap: true };
    const result = ts.transpileModule(input.replace(mapComment, ''), { ...request, compilerOptions });
    maps.commonJs = result.sourceMapText;
    return { ...result, outputText: result.outputText.replace(mapComment, '') };
  };
  return { createWatchCompilerHost: createWatchCompilerHost as never, transpileModule };
}

/** TypeScript's own functions that its typings do not show. */
interface Internals {
  Completions: {
    getCompletionsAtPosition(...all: unknown[]): typescript.CompletionInfo | undefined;
  };
  SymbolDisplay: {
    getSymbolKind(
      checker: typescript.TypeChecker,
      symbol: typescript.Symbol,
      node: typescript.Node,
    ): typescript.ScriptElementKind;
  };
}

/** Kinds of names whose value may be a function. */
const holders = new Set(['const', 'let', 'var', 'local var', 'property', 'parameter']);

/** Completions say of a name what it is: behind an alias (all of `dp.`), and a function also where a constant holds it. */
function exactKinds(ts: Typescript): object {
  const { Completions, SymbolDisplay } = ts as unknown as Internals;
  const complete = (host: unknown, program: typescript.Program, ...rest: unknown[]) => {
    const [log, file, position, preferences, trigger, kind, cancel] = rest;
    const all = [host, program, log, file, position, preferences, trigger, kind, cancel, undefined, true];
    const found = Completions.getCompletionsAtPosition(...all);
    const checker = program.getTypeChecker();
    const place = file as typescript.SourceFile;
    for (const entry of found?.entries ?? []) {
      const { symbol } = entry as { symbol?: typescript.Symbol };
      if (!symbol) continue;
      const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
      const target = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
      if (isAlias && target.declarations) entry.kind = SymbolDisplay.getSymbolKind(checker, target, place);
      if (holders.has(entry.kind) && isFunction(checker.getTypeOfSymbolAtLocation(target, place))) {
        entry.kind = ts.ScriptElementKind.functionElement;
      }
    }
    return found;
  };
  return { Completions: { ...Completions, getCompletionsAtPositionForTslab: complete } };
}

const isFunction = (type: typescript.Type): boolean => type.getCallSignatures().length > 0;

const mapComment = /\n?\/\/# sourceMappingURL=.*\s*$/;

function withMap(ts: Typescript, program: typescript.BuilderProgram, maps: MapSink): typescript.BuilderProgram {
  const emit = program.emit.bind(program);
  program.emit = (file, write, cancel, onlyTypes, steps) => {
    const after = [expandShorthand(ts, program.getProgram().getTypeChecker()), ...(steps?.after ?? [])];
    const keepMap: typescript.WriteFileCallback = (name, text, ...more) => {
      if (name.endsWith('__tslab__.js.map')) maps.esModule = text;
      write?.(name, text, ...more);
    };
    return emit(file, keepMap, cancel, onlyTypes, { ...steps, after });
  };
  return program;
}

function patchSystem(ts: Typescript, downlevel: Downlevel): void {
  const readFile = ts.sys.readFile.bind(ts.sys);
  const watchFile = ts.sys.watchFile?.bind(ts.sys);
  ts.sys.readFile = (path, encoding) => {
    const text = readFile(path, encoding);
    return text !== undefined && path.endsWith('.d.ts') ? downlevel(path, text) : text;
  };
  const isWatched = (path: string): boolean => !path.includes('/node_modules/') && !path.endsWith('.d.ts');
  ts.sys.watchFile = (path, ...rest) =>
    isWatched(path) && watchFile ? watchFile(path, ...rest) : { close: () => undefined };
  ts.sys.watchDirectory = () => ({ close: () => undefined });
}
