import type { D1Database } from "@cloudflare/workers-types";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appendAudit } from "../../durable-objects/account/audit/log.ts";
import {
  AUDIT_BACKLOG_MAX_AGE_MS,
  AUDIT_BACKLOG_MAX_ROWS,
  AUDIT_RETRY_MAX_MS,
  AUDIT_SHIP_DELAY_MS,
  AUDIT_SHIP_MAX_ROWS,
  auditBacklogBlocksWrites,
  auditOutboxState,
  auditShipDueAt,
  shipAudit,
} from "../../durable-objects/account/audit/outbox.ts";
import { seal } from "../../durable-objects/account/audit/seal.ts";
import {
  AUDIT_LOG_SCHEMA,
  AUDIT_OUTAGE_SCHEMA,
  AUDIT_OUTBOX_SCHEMA,
  AUDIT_SALTS_SCHEMA,
} from "../../durable-objects/account/audit/tables/schema.ts";
import { shipAuditRows } from "../../durable-objects/d1/tables/audit-events.ts";
import { auditEvent } from "../support/audit-event.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { sqlStorage } from "../support/sql-storage.ts";

// fixed dates: every call here is given this time; the gateway only lends its tables.
const NOW = Date.parse("2026-11-20T10:00:00.000Z");
let gateway: Gateway;
let d1: D1Database;
beforeAll(async () => {
  gateway = await startGateway();
  d1 = await gateway.d1();
});
afterAll(() => gateway.close());

let accounts = 0;
function account(events: number) {
  const accountId = `account-${++accounts}`;
  const sql = sqlStorage(
    ...[AUDIT_LOG_SCHEMA, AUDIT_OUTBOX_SCHEMA, AUDIT_SALTS_SCHEMA, AUDIT_OUTAGE_SCHEMA],
  );
  for (let n = 1; n <= events; n++) appendAudit(sql, accountId, auditEvent(n), NOW);
  return { accountId, sql };
}

async function stored(accountId: string) {
  const { results } = await d1
    .prepare("SELECT seq, leaf_hash, event FROM audit_events WHERE account_id = ?1 ORDER BY seq")
    .bind(accountId)
    .all<{ seq: number; leaf_hash: string; event: string }>();
  return results;
}

/** The same table taken away for a while is as close as a test comes to D1 being down. */
async function whileD1IsDown<T>(act: () => Promise<T>): Promise<T> {
  await d1.prepare("ALTER TABLE audit_events RENAME TO audit_events_away").run();
  try {
    return await act();
  } finally {
    await d1.prepare("ALTER TABLE audit_events_away RENAME TO audit_events").run();
  }
}

describe("the audit log's copy in D1 only grows", () => {
  const row = (seq: number, n = seq) => {
    const { sql } = account(0);
    const sevens = (bytes: number) => new Uint8Array(bytes).fill(7);
    const { leafHash } = appendAudit(sql, "a", auditEvent(n), NOW, sevens);
    const event = JSON.stringify(seal(auditEvent(n), sevens).event);
    return { seq, leaf_hash: leafHash, event };
  };

  it("an event under a taken number is refused, also by INSERT OR REPLACE", async () => {
    await shipAuditRows(d1, "grows", [row(1), row(2)]);
    await expect(shipAuditRows(d1, "grows", [row(2, 99)])).rejects.toThrow("taken");
    const replace = d1
      .prepare(
        "INSERT OR REPLACE INTO audit_events (account_id, seq, leaf_hash, event) VALUES (?1, 2, ?2, ?3)",
      )
      .bind("grows", "e".repeat(64), "{}");
    await expect(replace.run()).rejects.toThrow("taken");
    expect(await stored("grows")).toEqual([row(1), row(2)]);
  });

  it("the same event again changes nothing and is no error", async () => {
    await shipAuditRows(d1, "repeats", [row(1), row(2)]);
    await shipAuditRows(d1, "repeats", [row(1), row(2), row(3)]);
    expect((await stored("repeats")).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it("a gap is refused and nothing of that batch stays", async () => {
    await shipAuditRows(d1, "gaps", [row(1)]);
    await expect(shipAuditRows(d1, "gaps", [row(2), row(4)])).rejects.toThrow("missing");
    await expect(shipAuditRows(d1, "starts-late", [row(2)])).rejects.toThrow("missing");
    expect((await stored("gaps")).map(({ seq }) => seq)).toEqual([1]);
  });

  it("events are neither updated nor deleted", async () => {
    await shipAuditRows(d1, "fixed", [row(1)]);
    for (const statement of [
      "UPDATE audit_events SET event = '{}' WHERE account_id = 'fixed'",
      "UPDATE audit_events SET account_id = 'moved' WHERE account_id = 'fixed'",
      "DELETE FROM audit_events WHERE account_id = 'fixed'",
    ]) {
      await expect(d1.prepare(statement).run(), statement).rejects.toThrow("never");
    }
    expect(await stored("fixed")).toEqual([row(1)]);
  });
});

describe("the outbox", () => {
  it("copies everything in order, a bounded batch at a time, each row once", async () => {
    const { accountId, sql } = account(AUDIT_SHIP_MAX_ROWS + 7);
    expect(await shipAudit(sql, d1, accountId, () => NOW)).toEqual({
      outcome: "shipped",
      rows: AUDIT_SHIP_MAX_ROWS,
    });
    expect(auditOutboxState(sql).pending).toBe(7);
    expect(await shipAudit(sql, d1, accountId, () => NOW)).toEqual({ outcome: "shipped", rows: 7 });
    expect(await shipAudit(sql, d1, accountId, () => NOW)).toEqual({ outcome: "idle" });
    expect((await stored(accountId)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: AUDIT_SHIP_MAX_ROWS + 7 }, (_, at) => at + 1),
    );
  });

  it("a crash between D1's answer and the mark costs a repeat and nothing else", async () => {
    const { accountId, sql } = account(5);
    await shipAudit(sql, d1, accountId, () => NOW);
    sql.exec("UPDATE audit_outbox SET shipped_seq = 2");
    appendAudit(sql, accountId, auditEvent(6), NOW);
    expect(await shipAudit(sql, d1, accountId, () => NOW)).toEqual({ outcome: "shipped", rows: 4 });
    expect((await stored(accountId)).length).toBe(6);
  });

  it("two rounds at once leave the mark at the furthest", async () => {
    const { accountId, sql } = account(3);
    const first = shipAudit(sql, d1, accountId, () => NOW);
    appendAudit(sql, accountId, auditEvent(4), NOW);
    await Promise.all([first, shipAudit(sql, d1, accountId, () => NOW)]);
    expect(auditOutboxState(sql)).toMatchObject({ shippedSeq: 4, pending: 0 });
    expect((await stored(accountId)).length).toBe(4);
  });

  it("is due shortly after the first event that waits, and never when none does", async () => {
    const { accountId, sql } = account(1);
    expect(auditShipDueAt(sql)).toBe(NOW + AUDIT_SHIP_DELAY_MS);
    appendAudit(sql, accountId, auditEvent(2), NOW + 1_500);
    expect(auditShipDueAt(sql)).toBe(NOW + AUDIT_SHIP_DELAY_MS);
    await shipAudit(sql, d1, accountId, () => NOW);
    expect(auditShipDueAt(sql)).toBeNull();
  });

  it("backs off while D1 is down, loses nothing, and catches up", async () => {
    const { accountId, sql } = account(3);
    const waits = await whileD1IsDown(async () => {
      const measured: number[] = [];
      for (let failures = 1; failures <= 12; failures++) {
        expect(await shipAudit(sql, d1, accountId, () => NOW)).toMatchObject({ outcome: "failed" });
        expect(auditOutboxState(sql)).toMatchObject({ pending: 3, failures });
        measured.push((auditShipDueAt(sql) ?? 0) - NOW);
      }
      return measured;
    });
    expect(waits.slice(0, 5)).toEqual([2_000, 2_000, 4_000, 8_000, 16_000]);
    expect(Math.max(...waits)).toBe(AUDIT_RETRY_MAX_MS);
    expect(await shipAudit(sql, d1, accountId, () => NOW)).toEqual({ outcome: "shipped", rows: 3 });
    expect(auditOutboxState(sql)).toMatchObject({ pending: 0, failures: 0, lastError: null });
  });

  it("refuses new side effects once what waits is too old or too much, and not before", async () => {
    const { accountId, sql } = account(1);
    const oldest = NOW + AUDIT_BACKLOG_MAX_AGE_MS;
    expect(auditBacklogBlocksWrites(sql, oldest)).toBeNull();
    expect(auditBacklogBlocksWrites(sql, oldest + 1)).toMatchObject({
      code: "AUDIT_WRITE_FAILED",
      retryable: true,
    });
    await shipAudit(sql, d1, accountId, () => NOW);
    expect(auditBacklogBlocksWrites(sql, oldest + 1)).toBeNull();

    for (let n = 2; n <= AUDIT_BACKLOG_MAX_ROWS + 1; n++) {
      appendAudit(sql, accountId, auditEvent(n), NOW);
    }
    expect(auditBacklogBlocksWrites(sql, NOW)).toBeNull();
    appendAudit(sql, accountId, auditEvent(AUDIT_BACKLOG_MAX_ROWS + 2), NOW);
    expect(auditBacklogBlocksWrites(sql, NOW)).toMatchObject({ code: "AUDIT_WRITE_FAILED" });
  });
});
