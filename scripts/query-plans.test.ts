import { readdirSync, readFileSync } from "node:fs";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TERMINAL_STATES } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { describe, expect, it } from "vitest";
import { MIGRATIONS } from "../durable-objects/account/schema.ts";
import { JOURNAL_SCHEMA } from "../sidecar/src/journal/tables/schema.ts";
import { openOrderStore } from "../sidecar/src/orders/journal/order-store.ts";
import { WITNESSED_LOG_SCHEMA } from "../sidecar/src/trust/tables/witness-schema.ts";
import { BOUNDED_PLANS, BOUNDED_TABLES } from "./lib/bounded-reads.ts";
import { fromRoot } from "./lib/paths.ts";
import { scansOf, statementsOf } from "./lib/query-plans.ts";
import type { SourceFile } from "./lib/sql-in-tables.ts";

function object(): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  for (const { sql } of MIGRATIONS) db.exec(sql);
  db.exec("CREATE TABLE migrations (id INTEGER PRIMARY KEY) STRICT");
  return db;
}

function d1(): DatabaseSync {
  const folder = fromRoot("durable-objects/d1/migrations");
  const db = new DatabaseSync(":memory:");
  for (const name of readdirSync(folder).toSorted()) {
    db.exec(readFileSync(join(folder, name), "utf8"));
  }
  return db;
}

function pc(): DatabaseSync {
  const { db } = openOrderStore(":memory:");
  db.exec(JOURNAL_SCHEMA + WITNESSED_LOG_SCHEMA);
  return db;
}

const DATABASES = {
  "durable-objects/account/": object,
  "durable-objects/d1/": d1,
  "sidecar/src/": pc,
} as const;

/** What is put into statements and is no constant text of its file. */
const KNOWN = {
  TERMINAL: TERMINAL_STATES.map((state) => `'${state}'`).join(","),
  "TABLES[of]": "wrong_number_times",
  "COLUMN[told.kind]": "sent",
  table: "wrong_number_times",
  copies: "audit_events",
};

/** Found in much of a table by itself: a search by nothing else is a scan of what grows. */
const FEW_VALUES = new Set(["broker_account", "account_id", "state", "mode", "sent", "action"]);

async function sourcesOf(prefix: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const found = glob(`${prefix}**/tables/**/*.ts`, { cwd: fromRoot(".") });
  for await (const name of found) {
    const path = name.replaceAll("\\", "/");
    if (/\.test\.ts$/.test(path)) continue;
    files.push({ path, text: await readFile(fromRoot(path), "utf8") });
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

const tablesOf = (db: DatabaseSync): Set<string> =>
  new Set(
    db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
      .all()
      .map(({ name }) => String(name)),
  );

describe("no statement reads a table that grows from one end to the other", () => {
  it("of the account's object, of the PC and of D1, by SQLite's own plans over their schemas", async () => {
    const unnamed: string[] = [];
    const used = new Set<string>();
    let explained = 0;
    for (const [prefix, make] of Object.entries(DATABASES)) {
      const db = make();
      const tables = tablesOf(db);
      const bounded = BOUNDED_TABLES[prefix] ?? {};
      const statements = (await sourcesOf(prefix)).flatMap((file) => statementsOf(file, KNOWN));
      for (const { path, line, sql } of statements) {
        explained += 1;
        for (const { table, plan } of scansOf(db, sql, { tables, fewValues: FEW_VALUES })) {
          if (table in bounded) {
            used.add(`${prefix} ${table}`);
            continue;
          }
          const named = BOUNDED_PLANS.find((one) => path.endsWith(one.file) && one.plan === plan);
          if (named === undefined) unnamed.push(`${path}:${line} ${plan}`);
          else used.add(`${named.file} ${named.plan}`);
        }
      }
      db.close();
    }
    expect(unnamed, "an index, or a line with its bound in scripts/lib/bounded-reads.ts").toEqual(
      [],
    );
    // What is named and not needed any more hides the next one.
    const all = [
      ...Object.entries(BOUNDED_TABLES).flatMap(([prefix, named]) =>
        Object.keys(named).map((table) => `${prefix} ${table}`),
      ),
      ...BOUNDED_PLANS.map(({ file, plan }) => `${file} ${plan}`),
    ];
    expect(all.filter((one) => !used.has(one))).toEqual([]);
    expect(explained).toBeGreaterThan(350);
  });
});

describe("the check itself", () => {
  const db = new DatabaseSync(":memory:");
  db.exec(`CREATE TABLE orders (id TEXT PRIMARY KEY, broker_account TEXT, at INTEGER, word TEXT) WITHOUT ROWID;
    CREATE INDEX orders_recent ON orders (broker_account, at)`);
  const of = { tables: tablesOf(db), fewValues: FEW_VALUES };
  const plansOf = (sql: string) => scansOf(db, sql, of).map(({ plan }) => plan);

  it("finds what reads a table whole, under any name, and what finds a large part of it", () => {
    expect(plansOf("SELECT * FROM orders WHERE at > ?")).toEqual(["SCAN orders"]);
    expect(plansOf("SELECT 1 FROM orders AS o WHERE o.at = ?")).toHaveLength(1);
    expect(plansOf("DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE at < ?)")).toEqual([
      "SCAN orders USING COVERING INDEX orders_recent",
    ]);
    expect(plansOf("SELECT * FROM orders WHERE broker_account = ?")).toEqual([
      "SEARCH orders USING INDEX orders_recent (broker_account=?)",
    ]);
  });

  it("lets pass what goes by a key, or by a range of an index", () => {
    expect(plansOf("SELECT * FROM orders WHERE id = ?")).toEqual([]);
    expect(plansOf("UPDATE orders SET at = 1 WHERE id = ?")).toEqual([]);
    expect(plansOf("SELECT * FROM orders WHERE broker_account = ? AND at > ?")).toEqual([]);
  });

  it("reads statements with the constants that are put into them", () => {
    const text = [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
      "const OPEN = `at > ${LIMIT_MS}`;",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
      "sql.exec(`SELECT * FROM orders WHERE ${OPEN} AND state IN (${WORDS})`);",
      'say("Select one from the list");',
    ].join("\n");
    expect(statementsOf({ path: "a.ts", text }, { WORDS: "'a'" })).toEqual([
      { path: "a.ts", line: 2, sql: "SELECT * FROM orders WHERE at > 1 AND state IN ('a')" },
    ]);
  });
});
