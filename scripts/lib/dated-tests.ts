import { dirname, join, normalize } from "node:path";
import ts from "typescript";

/**
 * Finds the dates in tests that will one day be the past, where the code under test asks the machine
 * what time it is: such a test passes until that day. Two forms: a date that stands in a test which
 * runs by the machine's clock, and a fixture with a date in it which such a test takes over.
 *
 * A date that may stand says why, on its line or right above, `// fixed date: <why>`, or once for a
 * whole test file, `// fixed dates: <why>`.
 */
export interface DatedTest {
  file: string;
  /** 1-based. */
  line: number;
  text: string;
}

const FIRST_YEAR = 2026;
/** What ends in 2099 or later is meant as never. */
const LAST_YEAR = 2098;
const MARK = /\/\/ fixed date: \S/;
const FILE_MARK = /^\/\/ fixed dates: \S/m;
/** Versions of protocols, which look like days. */
const VERSIONS: ReadonlySet<string> = new Set(["2026-07-28"]);

/** A test, or what it is made of, that asks the machine or starts something that does. */
const ASKS_THE_MACHINE =
  /\bDate\.now\(|\bnew Date\(\)|"node:child_process"|\blaunchGateway\(|clock: "real"/;

interface Module {
  readonly source: ts.SourceFile;
  /** Of what it imports from other modules that are looked at: the module by local name. */
  readonly imports: ReadonlyMap<string, { from: string; name: string; node: ts.Node }>;
  readonly asks: boolean;
  /** What it exports or keeps at its top: whether a date stands in it, and which names it uses. */
  readonly tops: ReadonlyMap<string, { dated: boolean; uses: ReadonlySet<string> }>;
}

/** `files`: text by path from the root, of the tests and of what they share. */
export function datedTests(files: ReadonlyMap<string, string>): DatedTest[] {
  const modules = new Map([...files].map(([path, text]) => [path, read(path, text, files)]));
  const findings: DatedTest[] = [];
  for (const [file, one] of modules) {
    if (!file.endsWith(".test.ts") || !asksTheMachine(file, modules, new Set())) continue;
    if (FILE_MARK.test(one.source.text)) continue;
    const report = (node: ts.Node): void => {
      if (isMarked(node, one.source)) return;
      const { line } = one.source.getLineAndCharacterOfPosition(node.getStart(one.source));
      findings.push({ file, line: line + 1, text: node.getText(one.source) });
    };
    for (const node of datesIn(one.source)) report(node);
    for (const { from, name, node } of one.imports.values()) {
      if (isDated(from, name, modules, new Set())) report(node);
    }
  }
  return findings;
}

function read(path: string, text: string, files: ReadonlyMap<string, string>): Module {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports = new Map<string, { from: string; name: string; node: ts.Node }>();
  const tops = new Map<string, { dated: boolean; uses: Set<string> }>();
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) {
      const bindings = statement.importClause?.namedBindings;
      const from = resolved(path, statement.moduleSpecifier, files);
      if (from === null || bindings === undefined || !ts.isNamedImports(bindings)) continue;
      for (const node of bindings.elements) {
        if (node.isTypeOnly || statement.importClause?.phaseModifier !== undefined) continue;
        imports.set(node.name.text, { from, name: (node.propertyName ?? node.name).text, node });
      }
      continue;
    }
    for (const [name, node] of namesOf(statement)) {
      tops.set(name, {
        dated: datesIn(node).some((date) => !isMarked(date, source)),
        uses: usesOf(node),
      });
    }
  }
  return { source, imports, tops, asks: ASKS_THE_MACHINE.test(text) };
}

function isMarked(node: ts.Node, source: ts.SourceFile): boolean {
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  const lines = source.text.split("\n");
  return MARK.test(lines[line] ?? "") || MARK.test(lines[line - 1] ?? "");
}

function resolved(
  path: string,
  specifier: ts.Expression,
  files: ReadonlyMap<string, string>,
): string | null {
  if (!ts.isStringLiteral(specifier) || !specifier.text.startsWith(".")) return null;
  const found = normalize(join(dirname(path), specifier.text)).replaceAll("\\", "/");
  return files.has(found) ? found : null;
}

function namesOf(statement: ts.Statement): [string, ts.Node][] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap((one) =>
      ts.isIdentifier(one.name) ? [[one.name.text, one] as [string, ts.Node]] : [],
    );
  }
  const named = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
  return named && statement.name !== undefined ? [[statement.name.text, statement]] : [];
}

function usesOf(node: ts.Node): Set<string> {
  const uses = new Set<string>();
  const visit = (one: ts.Node): void => {
    if (ts.isIdentifier(one)) uses.add(one.text);
    ts.forEachChild(one, visit);
  };
  visit(node);
  return uses;
}

/** ISO dates in strings, and `Date.UTC` of a year. */
function datesIn(node: ts.Node): ts.Node[] {
  const found: ts.Node[] = [];
  const visit = (one: ts.Node): void => {
    if (
      ts.isStringLiteralLike(one) &&
      !VERSIONS.has(one.text) &&
      willPass(/^(\d{4})-\d\d-\d\d(T|$)/.exec(one.text)?.[1])
    ) {
      found.push(one);
    } else if (ts.isCallExpression(one) && one.expression.getText() === "Date.UTC") {
      if (willPass(one.arguments[0]?.getText())) found.push(one);
    }
    ts.forEachChild(one, visit);
  };
  visit(node);
  return found;
}

function willPass(year: string | undefined): boolean {
  return Number(year) >= FIRST_YEAR && Number(year) <= LAST_YEAR;
}

function asksTheMachine(file: string, modules: Map<string, Module>, seen: Set<string>): boolean {
  const one = modules.get(file);
  if (one === undefined || seen.has(file)) return false;
  seen.add(file);
  if (one.asks) return true;
  return [...one.imports.values()].some(({ from }) => asksTheMachine(from, modules, seen));
}

function isDated(
  file: string,
  name: string,
  modules: Map<string, Module>,
  seen: Set<string>,
): boolean {
  const key = `${file} ${name}`;
  const one = modules.get(file);
  const top = one?.tops.get(name);
  if (one === undefined || top === undefined || seen.has(key)) return false;
  seen.add(key);
  if (top.dated) return true;
  return [...top.uses].some((used) => {
    const other = one.imports.get(used);
    return other === undefined
      ? isDated(file, used, modules, seen)
      : isDated(other.from, other.name, modules, seen);
  });
}
