import type typescript from '@tslab/typescript-for-tslab';

type Ts = typeof typescript;
type Transformer = typescript.TransformerFactory<typescript.SourceFile>;

/** The file in which tslab keeps the declarations of all cells before. */
const earlierCells = /__prev__\.d\.ts$/;

/**
 * tslab turns a name of an earlier cell into `exports.name`, but overlooks it in `{ name }`, which then fails at run
 * time. This step of the compilation, in front of tslab's own, writes `{ name: exports.name }`.
 */
export function expandShorthand(ts: Ts, checker: typescript.TypeChecker): Transformer {
  const isEarlier = (node: typescript.ShorthandPropertyAssignment): boolean => {
    const symbol = checker.getShorthandAssignmentValueSymbol(ts.getParseTreeNode(node));
    return symbol?.declarations?.some((found) => earlierCells.test(found.getSourceFile().fileName)) ?? false;
  };
  return (context) => {
    const { factory } = context;
    const visit = (node: typescript.Node): typescript.Node => {
      if (!ts.isShorthandPropertyAssignment(node) || !isEarlier(node)) return ts.visitEachChild(node, visit, context);
      const value = factory.createPropertyAccessExpression(factory.createIdentifier('exports'), node.name);
      const initial = node.objectAssignmentInitializer;
      return factory.createPropertyAssignment(
        node.name,
        initial ? factory.createAssignment(value, ts.visitNode(initial, visit) as typescript.Expression) : value,
      );
    };
    return (file) => ts.visitEachChild(file, visit, context);
  };
}
