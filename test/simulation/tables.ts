import { DatabaseSync } from "node:sqlite";
import { type MemorySqlStorage, storageOver } from "../support/sql-storage.ts";
import type { Template } from "./template.ts";

/**
 * The object's tables and those of D1, for one world after the other. A world's writes are one
 * transaction that is never committed: the next world begins with the template again, and with every
 * statement prepared already.
 */
export interface WorldTables {
  readonly sql: MemorySqlStorage;
  readonly d1: DatabaseSync;
}

let kept: { template: Template; tables: WorldTables } | null = null;

/** The tables as every world finds them; they are this world's until the next one asks. */
export function freshTables(template: Template): WorldTables {
  if (kept?.template !== template) kept = { template, tables: tablesOf(template) };
  const { tables } = kept;
  for (const database of [tables.sql.database, tables.d1]) {
    if (database.isTransaction) database.exec("ROLLBACK");
    database.exec("BEGIN");
  }
  return tables;
}

function tablesOf(template: Template): WorldTables {
  const object = new DatabaseSync(":memory:");
  object.deserialize(template.object);
  const d1 = new DatabaseSync(":memory:");
  d1.deserialize(template.d1);
  return { sql: storageOver(object), d1 };
}
