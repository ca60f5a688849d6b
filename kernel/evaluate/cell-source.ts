import type typescript from '@tslab/typescript-for-tslab';

/** A cell as tslab's converter takes it. */
export interface CellSource {
  readonly text: string;
  /** Characters put in front of the first line. */
  readonly shift: number;
}

const pause = 'await null; ';

/**
 * Rewrites what tslab cannot digest, without moving a line: `export` in front of declarations (every name is shared
 * anyway) becomes blanks, and a cell with a top-level `for await` gets an `await` that tslab recognises.
 */
export function forTslab(ts: typeof typescript, source: string): CellSource {
  if (!/\bexport\b|\bfor\s+await\b/.test(source)) return { text: source, shift: 0 };
  const file = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.ES2022, false, ts.ScriptKind.TS);
  let text = source;
  for (const statement of file.statements) {
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) continue;
    const word = modifiers.find(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (word) text = `${text.slice(0, word.end - 6)}      ${text.slice(word.end)}`;
  }
  return hasForAwait(ts, file) ? { text: pause + text, shift: pause.length } : { text, shift: 0 };
}

/** Whether a `for await` stands outside of functions. */
function hasForAwait(ts: typeof typescript, node: typescript.Node): boolean {
  if (ts.isFunctionLike(node) || ts.isClassLike(node)) return false;
  if (ts.isForOfStatement(node) && node.awaitModifier) return true;
  return ts.forEachChild(node, (child) => hasForAwait(ts, child) || undefined) ?? false;
}
