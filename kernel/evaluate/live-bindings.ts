import type typescript from '@tslab/typescript-for-tslab';

/**
 * Makes the cells share one binding for each `let` and `var`. TypeScript exports a copy of the value at each
 * assignment inside the declaring cell; assignments from a later cell would reach the copy alone. The CommonJS text
 * starts with `exports.a = exports.b = void 0;`: that line becomes an accessor for each variable, and for constants,
 * functions and classes removes what an earlier cell had under that name.
 */
export function shareBindings(ts: typeof typescript, output: string): string {
  const prologue = /^(?:exports\.[\p{ID_Start}$_][\p{ID_Continue}$]* = )+void 0;/mu.exec(output);
  if (!prologue) return output;
  const names = [...prologue[0].matchAll(/exports\.([\p{ID_Start}$_][\p{ID_Continue}$]*) = /gu)].map(
    (match) => match[1]!,
  );
  const fixed = fixedNames(ts, output);
  const lines = names.map((name) =>
    fixed.has(name)
      ? `delete exports.${name};`
      : `Object.defineProperty(exports,"${name}",{configurable:true,enumerable:true,get(){return ${name}},set($v){${name}=$v}});`,
  );
  return output.slice(0, prologue.index) + lines.join('') + output.slice(prologue.index + prologue[0].length);
}

/** Top-level names that are no `let` or `var`: constants, functions, classes, and names that only `exports` has. */
function fixedNames(ts: typeof typescript, output: string): Set<string> {
  const file = ts.createSourceFile('cell.js', output, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  const variables = new Set<string>();
  const collect = (node: typescript.Node): void => {
    // A `var` inside a block or a loop belongs to the cell; one inside a function does not.
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return;
    if (ts.isVariableDeclarationList(node) && belongsToCell(ts, node)) {
      for (const declaration of node.declarations) addNames(ts, declaration.name, variables);
    }
    ts.forEachChild(node, collect);
  };
  collect(file);
  const all = new Set(
    [...output.matchAll(/\bexports\.([\p{ID_Start}$_][\p{ID_Continue}$]*)/gu)].map((match) => match[1]!),
  );
  return new Set([...all].filter((name) => !variables.has(name)));
}

function belongsToCell(ts: typeof typescript, list: typescript.VariableDeclarationList): boolean {
  if (list.flags & ts.NodeFlags.Const) return false;
  if (list.flags & ts.NodeFlags.Let) return ts.isVariableStatement(list.parent) && ts.isSourceFile(list.parent.parent);
  return true;
}

function addNames(ts: typeof typescript, name: typescript.BindingName, names: Set<string>): void {
  if (ts.isIdentifier(name)) names.add(name.text);
  else for (const element of name.elements) if (ts.isBindingElement(element)) addNames(ts, element.name, names);
}
