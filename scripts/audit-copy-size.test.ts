import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { fromRoot } from "./lib/paths.ts";

const FOLDER = fromRoot("durable-objects/d1/migrations");
const MIGRATIONS = readdirSync(FOLDER).toSorted();
const NEW = "0005_audit_events_rowid.sql";

function database(upTo: (name: string) => boolean): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  for (const name of MIGRATIONS.filter(upTo)) db.exec(readFileSync(join(FOLDER, name), "utf8"));
  return db;
}

const event = (seq: number) => JSON.stringify({ seq, type: "tool.call", padding: "x".repeat(900) });
function insert(db: DatabaseSync, from: number, to: number): void {
  const row = db.prepare(
    "INSERT INTO audit_events (account_id, seq, leaf_hash, event) VALUES (?, ?, ?, ?)",
  );
  for (let seq = from; seq <= to; seq += 1) row.run("acc_1", seq, "a".repeat(64), event(seq));
}

const bytes = (db: DatabaseSync): number =>
  Number(
    db
      .prepare("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size")
      .get()?.bytes,
  );

describe("the copy of the audit log in D1", () => {
  it("takes about what an event is long, where it took a page of 4 KiB", () => {
    const perEvent = (db: DatabaseSync): number => {
      const empty = bytes(db);
      insert(db, 1, 1_000);
      return (bytes(db) - empty) / 1_000;
    };
    expect(perEvent(database((name) => name < NEW))).toBeGreaterThan(4_000);
    expect(perEvent(database(() => true))).toBeLessThan(1_500);
  });

  it("goes on where the events that were copied before it end, and shows both as one", () => {
    const db = database((name) => name < NEW);
    insert(db, 1, 3);
    db.exec(readFileSync(join(FOLDER, NEW), "utf8"));
    expect(() => insert(db, 5, 5)).toThrow("missing");
    // Copied again after a crash: it is known, wherever it stands.
    insert(db, 2, 3);
    insert(db, 4, 5);
    insert(db, 5, 5);
    const rewrite = db.prepare(
      "INSERT INTO audit_events (account_id, seq, leaf_hash, event) VALUES ('acc_1', ?, ?, '{}')",
    );
    for (const seq of [2, 5]) expect(() => rewrite.run(seq, "b".repeat(64))).toThrow("taken");
    const all = db.prepare("SELECT seq, type FROM audit_log_events ORDER BY seq").all();
    expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(all.map(({ type }) => type))).toEqual(new Set(["tool.call"]));
    for (const table of ["audit_events", "audit_events_before"]) {
      expect(() => db.exec(`DELETE FROM ${table}`)).toThrow("never deleted");
      expect(() => db.exec(`UPDATE ${table} SET event = '{}'`)).toThrow("never changed");
    }
  });
});
