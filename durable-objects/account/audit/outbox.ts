import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import { type ShippedRow, shipAuditRows } from "../../d1/tables/audit-events.ts";
import { appendedAt, auditRowsAfter, auditSize } from "./tables/log.ts";
import { noteFailure, noteShipped, outageSince, readOutbox } from "./tables/outbox.ts";

/**
 * Copies the audit log to D1: in order, at least once, and harmlessly more than once.
 *
 * The log itself is the outbox; what is kept here is only how far it has been copied. D1 being
 * down delays the copy and nothing else, until so much waits that side effects are refused.
 */

export const AUDIT_SHIP_MAX_ROWS = 500;
/** D1 takes at most 2 MB in one bound value; an event stands in it as text in JSON, escaped once more. */
export const AUDIT_SHIP_MAX_BYTES = 1_500_000;
/** New events gather this long, so that a busy minute is a few statements and not hundreds. */
export const AUDIT_SHIP_DELAY_MS = 2_000;
export const AUDIT_RETRY_FIRST_MS = 1_000;
export const AUDIT_RETRY_MAX_MS = 5 * 60_000;
/** Beyond either bound no new side effect begins. */
export const AUDIT_BACKLOG_MAX_ROWS = 10_000;
export const AUDIT_BACKLOG_MAX_AGE_MS = 15 * 60_000;
/**
 * An outage that went beyond a bound ends when no more than this waits, well below the bound: a copy
 * that is only catching up goes past the bound again and again, and is still the same outage.
 */
export const AUDIT_CAUGHT_UP_ROWS = AUDIT_SHIP_MAX_ROWS;

export interface AuditOutboxState {
  shippedSeq: number;
  pending: number;
  /** When the oldest event that waits was appended; null when none waits. */
  oldestPendingAt: number | null;
  failures: number;
  /** For the log and the owner's console; never for a caller. */
  lastError: string | null;
}

export type ShipReport =
  | { outcome: "idle" }
  | { outcome: "shipped"; rows: number }
  | { outcome: "failed"; error: string };

/**
 * One round of copying; run it from the alarm. Never throws. Ask {@link auditShipDueAt} afterwards
 * when to come back.
 */
export async function shipAudit(
  sql: SqlStorage,
  database: D1Database,
  accountId: string,
  now: () => number,
): Promise<ShipReport> {
  const { shipped_seq } = readOutbox(sql);
  const rows = upToSize(auditRowsAfter(sql, shipped_seq, AUDIT_SHIP_MAX_ROWS));
  const last = rows.at(-1);
  if (last === undefined) return { outcome: "idle" };
  try {
    await shipAuditRows(database, accountId, rows);
  } catch (error) {
    const text = (error instanceof Error ? error.message : String(error)).slice(0, 300);
    const failures = readOutbox(sql).failures + 1;
    const wait = Math.min(AUDIT_RETRY_FIRST_MS * 2 ** (failures - 1), AUDIT_RETRY_MAX_MS);
    noteFailure(sql, { failures, notBefore: now() + wait, error: text });
    return { outcome: "failed", error: text };
  }
  // Another round may have finished while this one waited for D1: the mark only moves forward.
  noteShipped(sql, {
    seq: last.seq,
    caughtUpFromSeq: auditSize(sql) - AUDIT_CAUGHT_UP_ROWS,
  });
  return { outcome: "shipped", rows: rows.length };
}

/** When the alarm should next run {@link shipAudit} (epoch milliseconds); null when nothing waits. */
export function auditShipDueAt(sql: SqlStorage): number | null {
  const { oldestPendingAt, notBefore } = outboxState(sql);
  return oldestPendingAt === null
    ? null
    : Math.max(oldestPendingAt + AUDIT_SHIP_DELAY_MS, notBefore);
}

/**
 * Why no new side effect may begin, or null. Reads go on, and so do cancels and exits: this is
 * asked for new risk only.
 */
export function auditBacklogBlocksWrites(sql: SqlStorage, nowMs: number): GatewayFailure | null {
  const { pending, oldestPendingAt } = outboxState(sql);
  const tooMany = pending > AUDIT_BACKLOG_MAX_ROWS;
  const tooOld = oldestPendingAt !== null && nowMs - oldestPendingAt > AUDIT_BACKLOG_MAX_AGE_MS;
  if (!tooMany && !tooOld) return null;
  return failure(
    "AUDIT_WRITE_FAILED",
    "The audit log cannot be copied to its store at the moment, so nothing new is sent to the broker.",
    {
      retryable: true,
      user_action: "Check the gateway's D1 database; reading still works meanwhile.",
    },
  );
}

/**
 * Which outage of the copy this is: the moment it was first found to be one, in Unix milliseconds.
 * Ask while {@link auditBacklogBlocksWrites}. It stays the same until the copy has caught up.
 */
export const auditOutage = (sql: SqlStorage, nowMs: number): number => outageSince(sql, nowMs);

export function auditOutboxState(sql: SqlStorage): AuditOutboxState {
  const { notBefore: _internal, ...state } = outboxState(sql);
  return state;
}

function outboxState(sql: SqlStorage): AuditOutboxState & { notBefore: number } {
  const { shipped_seq, failures, not_before, last_error } = readOutbox(sql);
  return {
    shippedSeq: shipped_seq,
    pending: auditSize(sql) - shipped_seq,
    oldestPendingAt: appendedAt(sql, shipped_seq + 1),
    failures,
    lastError: last_error,
    notBefore: not_before,
  };
}

const UTF8 = new TextEncoder();

/** As many rows from the front as one statement may carry; always at least one. */
function upToSize(rows: ShippedRow[]): ShippedRow[] {
  let bytes = 0;
  const end = rows.findIndex((row, at) => {
    bytes += UTF8.encode(JSON.stringify(row)).byteLength + 1;
    return at > 0 && bytes > AUDIT_SHIP_MAX_BYTES;
  });
  return end === -1 ? rows : rows.slice(0, end);
}
