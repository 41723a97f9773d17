import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { D1Database } from "@cloudflare/workers-types";
import { unstable_splitSqlQuery } from "wrangler";
import { fromRoot } from "./paths.ts";

const DIRECTORY = fromRoot("durable-objects/d1/migrations");

/**
 * Applies the D1 migrations that a local database lacks, in order, each as one transaction, and
 * notes them in the table that `wrangler d1 migrations` uses.
 */
export async function applyMigrations(database: D1Database): Promise<string[]> {
  await database
    .prepare(
      `CREATE TABLE IF NOT EXISTS d1_migrations (
         id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
         applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`,
    )
    .run();
  const known = await database.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const applied = new Set(known.results.map((row) => row.name));
  const pending = (await readdir(DIRECTORY))
    .filter((name) => name.endsWith(".sql") && !applied.has(name))
    .sort();
  for (const name of pending) {
    const statements = unstable_splitSqlQuery(await readFile(join(DIRECTORY, name), "utf8"));
    await database.batch([
      ...statements.map((statement) => database.prepare(statement)),
      database.prepare("INSERT INTO d1_migrations (name) VALUES (?1)").bind(name),
    ]);
  }
  return pending;
}
