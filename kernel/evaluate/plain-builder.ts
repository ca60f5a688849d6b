import type typescript from '@tslab/typescript-for-tslab';

type Ts = typeof typescript;

/** What a source file keeps of its imports; TypeScript's typings do not show it. */
interface Resolved {
  readonly resolvedModules?: {
    forEach(visit: (found: { readonly resolvedModule?: typescript.ResolvedModule }) => void): void;
  };
}

/**
 * A program without the record of which file refers to which. TypeScript's builders make that record anew for each of
 * some thousand files, twice a cell; it cost two thirds of the time of a small cell. Of all that the record is good for, tslab asks
 * only for the local files behind a cell.
 */
export function plainBuilder(ts: Ts, ...given: unknown[]): typescript.BuilderProgram {
  const create = ts.createAbstractBuilder as unknown as (...all: unknown[]) => typescript.BuilderProgram;
  const builder = create(...given);
  // Making the checker binds the files: tslab reads the names that a cell declares right after the program is made.
  builder.getProgram().getTypeChecker();
  builder.getAllDependencies = (file) => [...filesBehind(builder.getProgram(), file)];
  return builder;
}

/** The file and the user's files that it imports, directly or not. */
function filesBehind(
  program: typescript.Program,
  file: typescript.SourceFile,
  found = new Set<string>(),
): ReadonlySet<string> {
  found.add(file.fileName);
  (file as Resolved).resolvedModules?.forEach(({ resolvedModule }) => {
    if (!resolvedModule || resolvedModule.isExternalLibraryImport) return;
    const next = program.getSourceFile(resolvedModule.resolvedFileName);
    if (next && !next.isDeclarationFile && !found.has(next.fileName)) filesBehind(program, next, found);
  });
  return found;
}
