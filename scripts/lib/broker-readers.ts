import ts from "typescript";
import type { SourceFile } from "./sql-in-tables.ts";

/**
 * Values of the broker pass one set of readers. A file of the sidecar that reads one by hand is found
 * by what it would need for that: the parsers underneath the readers, or in a decoder a schema or a
 * conversion of its own.
 */
export interface HandRead {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

const PARSERS = /(^|\/)wire-values\.ts$/;
/** The readers themselves, and two that read words about an answer and no value of it. */
const MAY_PARSE: ReadonlySet<string> = new Set([
  "sidecar/src/client-portal/readers.ts",
  "sidecar/src/client-portal/answer-verdict.ts",
  "sidecar/src/client-portal/broker-text.ts",
]);
const DECODERS =
  /^sidecar\/src\/(client-portal\/(endpoints|domain|stream)\/|client-portal\/session\/read-auth\.ts|orders\/preview\/(contract-rules|what-if)\.ts)/;
const OWN_SCHEMAS: ReadonlySet<string> = new Set(["string", "number", "boolean", "int", "coerce"]);
const CONVERSIONS: ReadonlySet<string> = new Set(["parseFloat", "parseInt", "Boolean", "BigInt"]);

export function handReads(files: readonly SourceFile[]): HandRead[] {
  return files.flatMap(({ path, text }) => {
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const found: HandRead[] = [];
    const note = (node: ts.Node, what: string): void => {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push({ path, line: line + 1, what });
    };
    const visit = (node: ts.Node): void => {
      if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
        const parses = PARSERS.test(node.moduleSpecifier.text);
        if (parses && !MAY_PARSE.has(path)) note(node, "imports the parsers under the readers");
      }
      if (DECODERS.test(path)) inDecoder(node, note);
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

function inDecoder(node: ts.Node, note: (node: ts.Node, what: string) => void): void {
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    if (CONVERSIONS.has(node.expression.text)) note(node, `converts by ${node.expression.text}`);
  }
  if (!ts.isPropertyAccessExpression(node)) return;
  const of = node.expression;
  if (ts.isIdentifier(of) && of.text === "z" && OWN_SCHEMAS.has(node.name.text)) {
    if (!isKeyOfRecord(node)) note(node, `reads by z.${node.name.text}`);
  }
  const swallows = node.name.text === "catch" && ts.isCallExpression(node.parent);
  if (swallows && node.parent.getText().endsWith(".catch(null)")) note(node, "swallows a value");
}

/** `z.record(z.string(), …)`: a name, and no value. */
function isKeyOfRecord(node: ts.Node): boolean {
  const call = node.parent;
  const outer = call.parent;
  return (
    ts.isCallExpression(call) &&
    ts.isCallExpression(outer) &&
    outer.arguments[0] === call &&
    outer.expression.getText() === "z.record"
  );
}
