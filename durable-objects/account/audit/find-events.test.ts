import { describe, expect, it } from "vitest";
import { auditEvent } from "../../../test/support/audit-event.ts";
import { sqlStorage } from "../../../test/support/sql-storage.ts";
import { AUDIT_SEARCH_MAX_EVENTS, type AuditQuery, firstSince, tailAudit } from "./find-events.ts";
import { appendAudit } from "./log.ts";
import { AUDIT_LOG_SCHEMA, AUDIT_SALTS_SCHEMA } from "./tables/schema.ts";

const START = Date.parse("2026-11-20T10:00:00.000Z");
const MINUTE = 60_000;

/** One event a minute; each is told its number. */
function logOf(events: number, eventOf: (n: number) => Parameters<typeof auditEvent>[1]) {
  const sql = sqlStorage(AUDIT_LOG_SCHEMA, AUDIT_SALTS_SCHEMA);
  for (let n = 1; n <= events; n++) {
    appendAudit(sql, "account", auditEvent(n, eventOf(n)), START + n * MINUTE);
  }
  return sql;
}

/** The numbers that a query finds, page by page, and how many pages it took. */
function found(sql: SqlStorage, query: Omit<AuditQuery, "limit">, limit = 200) {
  const seqs: number[] = [];
  let pages = 0;
  for (let beforeSeq: number | null | undefined; beforeSeq !== null; pages++) {
    const page = tailAudit(sql, { ...query, limit, beforeSeq: beforeSeq ?? undefined });
    seqs.push(...page.records.map(({ seq }) => seq));
    beforeSeq = page.nextBeforeSeq;
  }
  return { seqs, pages };
}

const who = (client_id: string) =>
  ({ kind: "agent", subject: "owner", client_id, sidecar_id: null }) as const;
const what = (more: object) => ({ ...auditEvent(0).what, ...more });
const at = (n: number) => new Date(START + n * MINUTE).toISOString();

describe("looking for events in the log", () => {
  const sql = logOf(12, (n) => ({
    who: who(n % 2 === 0 ? "even" : "odd"),
    what: what({
      tool: n % 3 === 0 ? "ibkr_third" : "ibkr_other",
      decision: n === 4 ? "deny" : n === 8 ? "refuse" : "allow",
      result: n === 6 || n === 8 ? "error" : "ok",
    }),
    meta: n > 9 ? { coid: "ieg1-abc", text: 'says :"ieg1-def"' } : { intent_hash: `h${n}` },
  }));

  it("finds by client, tool, any id of an order, and outcome, and by all of them at once", () => {
    expect(found(sql, { client_id: "odd" }).seqs).toEqual([11, 9, 7, 5, 3, 1]);
    expect(found(sql, { tool: "ibkr_third" }).seqs).toEqual([12, 9, 6, 3]);
    expect(found(sql, { order: "ieg1-abc" }).seqs).toEqual([12, 11, 10]);
    expect(found(sql, { order: "h7" }).seqs).toEqual([7]);
    expect(found(sql, { outcome: "refused" }).seqs).toEqual([8, 4]);
    expect(found(sql, { outcome: "failed" }).seqs).toEqual([6]);
    expect(found(sql, { outcome: "ok", client_id: "even" }).seqs).toEqual([12, 10, 2]);
    expect(found(sql, { client_id: "odd", tool: "ibkr_third", from: at(4) }).seqs).toEqual([9]);
  });

  it("takes an id whole, and none out of a text that quotes one", () => {
    for (const order of ["ieg1-ab", "ieg1-def", "coid", "req-1", "h"]) {
      expect(found(sql, { order }).seqs).toEqual([]);
    }
  });

  it("takes times from a moment on and up to before another, to the millisecond", () => {
    expect(found(sql, { from: at(3), to: at(6) }).seqs).toEqual([5, 4, 3]);
    const late = new Date(START + 3 * MINUTE + 1).toISOString();
    expect(found(sql, { from: late, to: at(6) }, 1)).toEqual({ seqs: [5, 4], pages: 2 });
    expect(found(sql, { from: "2026-11-20T11:03:00.000+01:00", to: at(4) }).seqs).toEqual([3]);
    expect(found(sql, { to: at(0) }).seqs).toEqual([]);
    expect(found(sql, { from: at(99) }).seqs).toEqual([]);
    expect(firstSince(sql, START + 99 * MINUTE)).toBe(13);
  });

  it("goes on behind what one page looked through, however rare the event is", () => {
    const large = logOf(AUDIT_SEARCH_MAX_EVENTS * 2 + 50, (n) =>
      n === 7 ? { who: who("rare") } : {},
    );
    expect(found(large, { client_id: "rare" })).toEqual({ seqs: [7], pages: 3 });
  });
});
