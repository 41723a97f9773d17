import ts from "typescript";

/** One statement as it stands in the source. */
export interface SqlText {
  readonly line: number;
  readonly text: string;
}

/** A source file: its path from the root, with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface MisplacedSql {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

const SQL =
  /\b(?:SELECT\b[\s\S]*\bFROM\b|INSERT (?:OR [A-Z]+ )?INTO\b|UPDATE\s+(?:[a-z_]+|\?)\s+SET\b|DELETE\s+FROM\b|CREATE (?:UNIQUE )?(?:TABLE|INDEX|TRIGGER)\b|ALTER TABLE\b)/;
/** In place of what is put into a text. */
const PUT_IN = " ? ";
const DDL = /\b(?:CREATE (?:UNIQUE )?(?:TABLE|INDEX|TRIGGER)|ALTER TABLE)\b/;
const NAMED = /\b(?:FROM|JOIN|INTO|UPDATE)\s+([a-z_][a-z0-9_]*)/g;
/** A name that a statement gives to a part of itself. */
const WITH = /\bWITH (?:RECURSIVE )?([a-z_]+)/g;
/** What SQLite itself offers to read from. */
const NO_TABLE = /^(?:sqlite_|json_|pragma_)/;

/** Whose tables they are: the same name in two of them is two tables. */
const DATABASES = ["durable-objects/account/", "durable-objects/d1/", "sidecar/src/"] as const;

/** The SQL that stands in a file as literal text; what is put in by `${}` is left out. */
export function sqlTexts({ path, text }: SourceFile): SqlText[] {
  if (!SQL.test(text)) return [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: SqlText[] = [];
  const visit = (node: ts.Node): void => {
    const literal = literalOf(node);
    if (literal !== null && SQL.test(literal)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push({ line: line + 1, text: literal });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function literalOf(node: ts.Node): string | null {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join(PUT_IN);
}

/** The tables that a statement reads or writes, by name. */
export function tablesNamed(sql: string): string[] {
  const names = [...sql.matchAll(NAMED)].map(([, name = ""]) => name);
  const own = new Set([...sql.matchAll(WITH)].map(([, name]) => name));
  return [...new Set(names.filter((name) => !NO_TABLE.test(name) && !own.has(name)))];
}

/**
 * What breaks "one owner a table": SQL outside a folder `tables/`, a file that holds statements over
 * two tables, a table with two homes (one file, or one folder of files), and a file in `joint/` that does not say at its
 * top which tables it joins. Schemas are the history of all tables and are free to name them.
 */
export function sqlFindings(files: readonly SourceFile[]): MisplacedSql[] {
  const owners = new Map<string, string>();
  return files.flatMap((file): MisplacedSql[] => {
    const { path } = file;
    const finding = ({ line }: SqlText, what: string): MisplacedSql => ({ path, line, what });
    const texts = sqlTexts(file);
    if (!path.includes("/tables/")) {
      return texts.map((one) => finding(one, "SQL stands outside a folder tables/"));
    }
    const statements = texts.filter(({ text }) => !DDL.test(text));
    if (path.includes("/tables/joint/")) {
      const said = headOf(file.text);
      return statements.flatMap((one) =>
        tablesNamed(one.text)
          .filter((table) => !new RegExp(`\\b${table}\\b`).test(said))
          .map((table) => finding(one, `the top of the file does not name ${table}`)),
      );
    }
    let own: string | null = null;
    return statements.flatMap((one) =>
      tablesNamed(one.text).flatMap((table): MisplacedSql[] => {
        own ??= table;
        if (table !== own) return [finding(one, `${table} in the file of ${own}`)];
        const key = `${DATABASES.find((prefix) => path.startsWith(prefix)) ?? ""}${table}`;
        const home = homeOf(path);
        const owner = owners.get(key) ?? home;
        owners.set(key, owner);
        return owner === home ? [] : [finding(one, `${table} is the table of ${owner}`)];
      }),
    );
  });
}

/** The file, or the folder in `tables/` that holds the statements of one table by what they are for. */
const homeOf = (path: string): string => path.replace(/(\/tables\/[^/]+)\/[^/]+$/, "$1/");

/** Everything above the first line of code that is no import. */
function headOf(text: string): string {
  return text.slice(0, Math.max(0, text.search(/^(?:export|const|function|type|interface) /m)));
}
