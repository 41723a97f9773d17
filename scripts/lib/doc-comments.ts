import {
  createSourceFile,
  forEachChild,
  getJSDocCommentsAndTags,
  isArrowFunction,
  isFunctionDeclaration,
  isFunctionExpression,
  isIdentifier,
  isJSDoc,
  isVariableStatement,
  type Node,
  ScriptTarget,
  type Statement,
  SyntaxKind,
} from "typescript";

/** An exported function that says nothing of itself. */
export interface Undocumented {
  file: string;
  /** Counted from one. */
  line: number;
  name: string;
}

/**
 * The exported functions of a TypeScript file that have no doc comment, declared or as a constant.
 * Of an overloaded function one declaration with a comment is enough.
 */
export function undocumented(file: string, text: string): Undocumented[] {
  const source = createSourceFile(file, text, ScriptTarget.Latest, true);
  const found = new Map<string, Undocumented>();
  const documented = new Set<string>();
  forEachChild(source, (node) => {
    const name = exportedFunction(node);
    if (name === null) return;
    const comments = getJSDocCommentsAndTags(node).filter(isJSDoc);
    if (comments.some(({ comment }) => comment !== undefined && comment !== "")) {
      documented.add(name);
    } else {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.set(name, { file, line: line + 1, name });
    }
  });
  return [...found.values()].filter(({ name }) => !documented.has(name));
}

function exportedFunction(node: Node): string | null {
  if (isFunctionDeclaration(node)) return isExported(node) ? (node.name?.text ?? "default") : null;
  if (!isVariableStatement(node) || !isExported(node)) return null;
  const declaration = node.declarationList.declarations.find(
    ({ initializer }) =>
      initializer !== undefined &&
      (isArrowFunction(initializer) || isFunctionExpression(initializer)),
  );
  return declaration !== undefined && isIdentifier(declaration.name) ? declaration.name.text : null;
}

function isExported(node: Statement & { modifiers?: readonly Node[] | undefined }): boolean {
  return node.modifiers?.some(({ kind }) => kind === SyntaxKind.ExportKeyword) ?? false;
}
