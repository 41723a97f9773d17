import { DatabaseSync } from "node:sqlite";
import { parseCheckpointNote } from "@ibkr-edge-gateway/evidence/checkpoint/checkpoint.ts";
import { treeRoot } from "@ibkr-edge-gateway/evidence/merkle/nodes.ts";
import { expect, it, vi } from "vitest";
import { auditEvent } from "../../../test/support/audit-event.ts";
import { sqlStorage } from "../../../test/support/sql-storage.ts";
import { MIGRATIONS } from "../schema.ts";
import { appendAudit, storedNodes } from "./log.ts";
import { LogKeeper } from "./log-keeper.ts";
import { HEAL_PAGE_EVENTS } from "./restore-from-copy.ts";
import { auditRowsAfter, auditSize, deleteEventsAfter } from "./tables/log.ts";
import { readSignedLog } from "./tables/signed.ts";

const ACCOUNT = "acc_7d3f";
const SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
// fixed date: the log of this test has a clock of its own.
const NOW = Date.parse("2026-11-30T10:00:00.000Z");

/** D1 with one table of each kind: an answer comes in a later turn, and `asked` happens before it. */
function someD1(asked: () => void) {
  const db = new DatabaseSync(":memory:");
  for (const name of ["audit_events", "audit_events_before"]) {
    db.exec(`CREATE TABLE ${name} (account_id TEXT, seq INTEGER, leaf_hash TEXT, event TEXT,
      PRIMARY KEY (account_id, seq))`);
  }
  const later = async <T>(act: () => T): Promise<T> => {
    await new Promise((resolve) => setImmediate(resolve));
    asked();
    return act();
  };
  const bound = (query: string, values: (string | number)[]) => ({
    bind: (...more: (string | number)[]) => bound(query, more),
    first: () => later(() => db.prepare(query).get(...values) ?? null),
    all: () => later(() => ({ results: db.prepare(query).all(...values) })),
  });
  return { db, binding: { prepare: (query: string) => bound(query, []) } };
}

it("puts back an end of several pages while events come and heads are asked for, and contradicts no head", async () => {
  const sql = sqlStorage(...MIGRATIONS.map(({ sql: text }) => text));
  let n = 0;
  const append = () => appendAudit(sql, ACCOUNT, auditEvent(++n), NOW).seq;
  const heads: { size: number; root: Uint8Array }[] = [];
  const note = () => {
    const head = readSignedLog(sql)?.note ?? null;
    if (head !== null) heads.push(parseCheckpointNote(head));
  };
  let busy = false;
  const copy = someD1(() => {
    note();
    if (!busy) return;
    append();
    keeper.signSoon();
  });
  const keeperNow = () =>
    new LogKeeper({
      sql: () => sql,
      accountId: ACCOUNT,
      env: {
        DB: copy.binding as unknown as D1Database,
        PUBLIC_ORIGIN: "https://gw.example",
        EVIDENCE_KEY: SECRET,
      },
      atomic: (act) => act(),
      append: (event) => appendAudit(sql, ACCOUNT, event, NOW).seq,
      connected: () => null,
      show: () => undefined,
      now: () => NOW,
    });
  let keeper = keeperNow();
  for (let at = 0; at < 5; at++) append();
  await keeper.signLast();
  const kept = auditSize(sql);
  for (let at = 0; at < 2 * HEAL_PAGE_EVENTS + 7; at++) append();
  const all = auditRowsAfter(sql, 0, 10_000);
  const insert = copy.db.prepare("INSERT INTO audit_events VALUES (?, ?, ?, ?)");
  for (const { seq, leaf_hash, event } of all) insert.run(ACCOUNT, seq, leaf_hash, event);
  // Restored: the object begins anew with what it held when the head was signed.
  deleteEventsAfter(sql, kept);
  keeper = keeperNow();
  append();
  busy = true;
  keeper.signSoon();
  await vi.waitFor(() => expect(auditSize(sql)).toBeGreaterThan(all.length), 20_000);
  busy = false;
  await keeper.signLast();
  note();
  expect(auditRowsAfter(sql, 0, all.length)).toEqual(all);
  expect(readSignedLog(sql)?.size).toBe(auditSize(sql));
  for (const { size, root } of heads) expect(treeRoot(size, storedNodes(sql))).toEqual(root);
}, 30_000);
