import type { DatabaseSync } from "node:sqlite";
import ts from "typescript";
import type { SourceFile } from "./sql-in-tables.ts";

/** A whole statement as it stands in the source, with the constants that are put into it. */
export interface Statement {
  readonly path: string;
  readonly line: number;
  readonly sql: string;
}

/** One step of a plan that reads a table, or all of an index, from one end to the other. */
export interface Scan {
  readonly table: string;
  /** As SQLite says it. */
  readonly plan: string;
}

const BEGINS = /^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b/;
/** In place of what is put in and is no constant text: a number, as limits and slacks are. */
const A_NUMBER = "1";

/** The statements of a file; texts that are only a part of one are left to those that hold them. */
export function statementsOf(
  { path, text }: SourceFile,
  /** What an expression that is no constant text stands for, by its own text. */
  known: Readonly<Record<string, string>> = {},
): Statement[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const constants = { of: constantsOf(source), known };
  const found: Statement[] = [];
  const visit = (node: ts.Node): void => {
    const sql = textOf(node, constants);
    if (sql !== null && BEGINS.test(sql) && /\b(?:FROM|INTO|SET)\b/.test(sql)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push({ path, line: line + 1, sql });
      return;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

interface Constants {
  readonly of: ReadonlyMap<string, ts.Expression>;
  readonly known: Readonly<Record<string, string>>;
}

function constantsOf(source: ts.SourceFile): Map<string, ts.Expression> {
  const constants = new Map<string, ts.Expression>();
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && initializer !== undefined) constants.set(name.text, initializer);
    }
  }
  return constants;
}

function textOf(node: ts.Node, constants: Constants): string | null {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return node.templateSpans.reduce(
    (text, { expression, literal }) => text + putIn(expression, constants) + literal.text,
    node.head.text,
  );
}

function putIn(expression: ts.Expression, constants: Constants): string {
  const known = constants.known[expression.getText()];
  if (known !== undefined) return known;
  const named = ts.isIdentifier(expression) ? constants.of.get(expression.text) : undefined;
  return (named === undefined ? null : textOf(named, constants)) ?? A_NUMBER;
}

const SCAN = /^SCAN (\S+)/;
const SEARCH = /^SEARCH (\S+) USING (?:COVERING )?INDEX \S+ \(([^)]*)\)$/;

/**
 * What a statement reads whole by SQLite's own plan. A search by one of `fewValues` alone counts as
 * well: it finds a large part of the table.
 */
export function scansOf(
  db: DatabaseSync,
  sql: string,
  { tables, fewValues }: { tables: ReadonlySet<string>; fewValues: ReadonlySet<string> },
): Scan[] {
  const named = tablesByName(sql, tables);
  return db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map(({ detail }) => String(detail))
    .flatMap((plan): Scan[] => {
      const scanned = SCAN.exec(plan)?.[1];
      const [, searched, by = ""] = SEARCH.exec(plan) ?? [];
      const columns = by.split(" AND ").map((term) => term.replace(/[=<>].*$/, ""));
      const wide = searched !== undefined && columns.every((column) => fewValues.has(column));
      const table = named.get((wide ? searched : scanned) ?? "");
      return table === undefined ? [] : [{ table, plan }];
    });
}

const NAMED = /\b(?:FROM|JOIN|INTO|UPDATE|,)\s+([a-z_][a-z0-9_]*)(?:\s+(?:AS\s+)?([a-z_]+))?/gi;

/** The tables of a statement by the names, theirs or others, that its plan calls them by. */
function tablesByName(sql: string, tables: ReadonlySet<string>): Map<string, string> {
  const named = new Map<string, string>();
  for (const [, table = "", alias] of sql.matchAll(NAMED)) {
    if (!tables.has(table)) continue;
    named.set(table, table);
    if (alias !== undefined) named.set(alias, table);
  }
  return named;
}
