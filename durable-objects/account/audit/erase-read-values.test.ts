import { READ_SALTS_DAYS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { beforeEach, expect, it } from "vitest";
import { auditEvent } from "../../../test/support/audit-event.ts";
import { sqlStorage } from "../../../test/support/sql-storage.ts";
import { MIGRATIONS } from "../schema.ts";
import { eraseReads, READS_AT_ONCE, readsAreDue } from "./erase-read-values.ts";
import { appendAudit, auditHead } from "./log.ts";
import { storedSalts } from "./tables/log.ts";

// fixed dates: what is old here is told by this clock alone.
const THEN = Date.parse("2026-11-20T10:00:00.000Z");
const KEPT_MS = READ_SALTS_DAYS * 86_400_000;
const HIDDEN = { account: "U1234567", input: "0".repeat(64), output: null };

let sql: ReturnType<typeof sqlStorage>;
const erase = (nowMs: number) => eraseReads({ sql, transactionSync: (work) => work() }, nowMs);
const append = (over: Parameters<typeof auditEvent>[1], atMs = THEN) =>
  appendAudit(sql, "acc_7d3f", auditEvent(1, { hidden: HIDDEN, ...over }), atMs).seq;
const operation = (name: string | null) => ({ what: { ...auditEvent(1).what, operation: name } });

beforeEach(() => {
  sql = sqlStorage(...MIGRATIONS.map(({ sql: text }) => text));
});

it("erases what opens reads after thirty days, and leaves what orders need, and the tree", () => {
  const reads = [
    append({ type: "tool.call", ...operation("positions.list") }),
    append({ type: "tool.refused", ...operation(null) }),
  ];
  const orders = [
    append({ type: "tool.call", ...operation("trade.submit") }),
    append({ type: "order.submitted", ...operation(null) }),
    append({ type: "order.settled", ...operation(null) }),
  ];
  const young = append({ type: "tool.call", ...operation("positions.list") }, THEN + 1_000);
  const before = auditHead(sql);
  const opened = (seqs: number[]) => seqs.map((seq) => storedSalts(sql, seq) !== null);
  expect([readsAreDue(sql, THEN + KEPT_MS), erase(THEN + KEPT_MS)]).toEqual([false, false]);
  expect(opened(reads)).toEqual([true, true]);
  expect(readsAreDue(sql, THEN + KEPT_MS + 1)).toBe(true);
  expect(erase(THEN + KEPT_MS + 1)).toBe(false);
  expect([opened(reads), opened(orders), opened([young])]).toEqual([
    [false, false],
    [true, true, true],
    [true],
  ]);
  expect(auditHead(sql)).toEqual(before);
});

it("goes on in turns of a bounded size, and then writes nothing more", () => {
  for (let n = 0; n < READS_AT_ONCE + 5; n++) append({ type: "tool.call", ...operation("a.read") });
  const later = THEN + KEPT_MS + 1;
  expect(erase(later)).toBe(true);
  const left = () => sql.exec("SELECT 1 FROM audit_log WHERE salts IS NOT NULL").toArray().length;
  expect(left()).toBe(5);
  expect(erase(later)).toBe(false);
  expect(left()).toBe(0);
  const before = sql.rowsWritten();
  expect([erase(later), readsAreDue(sql, later)]).toEqual([false, false]);
  expect(sql.rowsWritten()).toBe(before);
});
