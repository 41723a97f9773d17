import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/**
 * A Durable Object's `SqlStorage` over an in-memory SQLite of this process. It is the same engine and
 * answers as workerd does; test/contract/sql-storage.test.ts plays the same statements to both. What
 * only workerd does (gates, limits, eviction) is tested against the real object in test/contract.
 */
export interface MemorySqlStorage extends SqlStorage {
  rowsWritten(): number;
  /** All or nothing, as `DurableObjectStorage.transactionSync`; calls may be nested. */
  transactionSync<T>(act: () => T): T;
  readonly database: DatabaseSync;
}

export function sqlStorage(...schemas: string[]): MemorySqlStorage {
  const database = new DatabaseSync(":memory:");
  for (const schema of schemas) database.exec(schema);
  return storageOver(database);
}

export function storageOver(database: DatabaseSync): MemorySqlStorage {
  const prepared = new Map<string, Prepared>();
  const changes = database.prepare("SELECT total_changes() AS changes");
  let depth = 0;
  const exec = (query: string, ...bindings: Binding[]): Cursor => {
    const { statement, names, parameters, rest } = prepared.get(query) ?? prepare(query);
    if (rest !== "" && parameters > 0) {
      throw new Error(
        "When executing multiple SQL statements in a single call, only the last statement can have parameters.",
      );
    }
    if (rest === "" && parameters !== bindings.length) {
      throw new Error("Wrong number of parameter bindings for SQL query.");
    }
    const rows = run(statement, rest === "" ? bindings : []);
    return rest === "" ? new Cursor(names, rows) : exec(rest, ...bindings);
  };
  const prepare = (query: string): Prepared => {
    const statement = saying(() => database.prepare(query));
    statement.setReturnArrays(true);
    statement.setReadBigInts(true);
    const rest = query.slice(statement.sourceSQL.length).trim();
    const made = {
      statement,
      // Of a change of the schema SQLite names columns of its own.
      names: OF_SCHEMA.test(query) ? [] : statement.columns().map(({ name }) => name),
      parameters: parametersIn(statement.sourceSQL),
      rest,
    };
    // What a change of the schema may make mean something else is prepared anew.
    if (/^\s*(select|insert|update|delete|replace|with)\b/i.test(query)) prepared.set(query, made);
    else prepared.clear();
    return made;
  };
  const storage = {
    database,
    exec,
    get databaseSize() {
      const figure = (pragma: string) =>
        Number(Object.values(database.prepare(pragma).get() ?? {})[0]);
      return figure("PRAGMA page_count") * figure("PRAGMA page_size");
    },
    rowsWritten: () => Number(changes.get()?.changes),
    transactionSync<T>(act: () => T): T {
      depth += 1;
      const name = `s${depth}`;
      database.exec(`SAVEPOINT ${name}`);
      try {
        const result = act();
        database.exec(`RELEASE ${name}`);
        return result;
      } catch (thrown) {
        database.exec(`ROLLBACK TO ${name}`);
        database.exec(`RELEASE ${name}`);
        throw thrown;
      } finally {
        depth -= 1;
      }
    },
  };
  // The rest of the interface is made by the platform's own classes.
  return storage as unknown as MemorySqlStorage;
}

type Binding = SQLInputValue | ArrayBuffer | boolean;
type Row = Record<string, unknown>;

interface Prepared {
  statement: StatementSync;
  names: string[];
  parameters: number;
  /** What follows the first statement. */
  rest: string;
}

function run(statement: StatementSync, bindings: readonly Binding[]): unknown[][] {
  const values = bindings.map((value) => {
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    return typeof value === "boolean" ? Number(value) : value;
  });
  // With arrays asked for, rows come as arrays.
  const rows: unknown = saying(() => statement.all(...values));
  return rows as unknown[][];
}

/** An error of SQLite in workerd's words, but for where in the text it is, which Node does not tell. */
function saying<T>(act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    if (!(thrown instanceof Error) || !("errcode" in thrown)) throw thrown;
    const code = Number(thrown.errcode);
    const name = CODES[code & 0xff] ?? "SQLITE_ERROR";
    const extended = EXTENDED[code];
    const more = extended === undefined ? "" : ` (extended: ${extended})`;
    throw new Error(`${thrown.message}: ${name}${more}`, { cause: thrown });
  }
}

const CODES: Record<number, string> = {
  1: "SQLITE_ERROR",
  8: "SQLITE_READONLY",
  13: "SQLITE_FULL",
  19: "SQLITE_CONSTRAINT",
  20: "SQLITE_MISMATCH",
  25: "SQLITE_RANGE",
};
const EXTENDED: Record<number, string> = {
  275: "SQLITE_CONSTRAINT_CHECK",
  787: "SQLITE_CONSTRAINT_FOREIGNKEY",
  1299: "SQLITE_CONSTRAINT_NOTNULL",
  1555: "SQLITE_CONSTRAINT_PRIMARYKEY",
  1811: "SQLITE_CONSTRAINT_TRIGGER",
  2067: "SQLITE_CONSTRAINT_UNIQUE",
  3091: "SQLITE_CONSTRAINT_DATATYPE",
};

/** Rows that are taken once: what was read from it does not come again. */
class Cursor {
  readonly columnNames: string[];
  readonly #rows: unknown[][];
  #at = 0;

  constructor(names: string[], rows: unknown[][]) {
    this.columnNames = names;
    this.#rows = rows;
  }

  next(): { done: boolean; value: Row | undefined } {
    const row = this.#take();
    return row === undefined
      ? { done: true, value: undefined }
      : { done: false, value: this.#named(row) };
  }

  toArray(): Row[] {
    const rows = this.#rows.slice(this.#at).map((row) => this.#named(row));
    this.#at = this.#rows.length;
    return rows;
  }

  one(): Row {
    const left = this.#rows.length - this.#at;
    const row = this.#take();
    if (row === undefined || left > 1) {
      const found = left === 0 ? "no results" : "multiple results";
      throw new Error(`Expected exactly one result from SQL query, but got ${found}.`);
    }
    return this.#named(row);
  }

  *raw(): Generator<unknown[]> {
    for (let row = this.#take(); row !== undefined; row = this.#take()) yield row.map(fromSql);
  }

  *[Symbol.iterator](): Generator<Row> {
    for (let row = this.#take(); row !== undefined; row = this.#take()) yield this.#named(row);
  }

  #take(): unknown[] | undefined {
    const row = this.#rows[this.#at];
    if (row !== undefined) this.#at += 1;
    return row;
  }

  #named(row: readonly unknown[]): Row {
    const named: Row = {};
    this.columnNames.forEach((name, at) => {
      named[name] = fromSql(row[at]);
    });
    return named;
  }
}

/** A blob is a buffer of its own, and every number a double. */
const fromSql = (value: unknown): unknown => {
  if (typeof value === "bigint") return Number(value);
  return value instanceof Uint8Array
    ? value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength)
    : value;
};

const OF_SCHEMA = /^\s*(alter|create|drop|savepoint|release|rollback)\b/i;

/** How many values a statement wants: its highest number, where a bare `?` takes the next. */
export function parametersIn(query: string): number {
  let highest = 0;
  for (const [token] of query.matchAll(
    /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\?\d*/g,
  )) {
    if (!token.startsWith("?")) continue;
    highest = token === "?" ? highest + 1 : Math.max(highest, Number(token.slice(1)));
  }
  return highest;
}
