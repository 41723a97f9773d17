import { posix } from "node:path";
import ts from "typescript";

export interface Source {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const isTest = (path: string): boolean => path.endsWith(".test.ts");

/** The files with code in them that none of the tests among the sources imports a value of. */
export function withoutTest(sources: readonly Source[]): string[] {
  const tested = new Set(sources.filter(({ path }) => isTest(path)).flatMap(valuesImported));
  return sources
    .filter((source) => !isTest(source.path) && hasCode(source) && !tested.has(source.path))
    .map(({ path }) => path)
    .toSorted();
}

const parsed = ({ path, text }: Source): ts.SourceFile =>
  ts.createSourceFile(path, text, ts.ScriptTarget.Latest);

function valuesImported(source: Source): string[] {
  const folder = posix.dirname(source.path);
  return parsed(source).statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) || statement.importClause?.isTypeOnly === true)
      return [];
    const { moduleSpecifier } = statement;
    if (!ts.isStringLiteral(moduleSpecifier) || !moduleSpecifier.text.startsWith(".")) return [];
    return [posix.join(folder, moduleSpecifier.text)];
  });
}

const hasCode = (source: Source): boolean =>
  parsed(source).statements.some(
    (statement) =>
      !ts.isImportDeclaration(statement) &&
      !ts.isInterfaceDeclaration(statement) &&
      !ts.isTypeAliasDeclaration(statement),
  );
