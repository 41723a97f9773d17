import { auditEvent, type NewAuditEvent } from "../../audit/events.ts";
import { firstSince } from "../../audit/find-events.ts";
import { eraseSaltsBetween } from "../../audit/tables/log.ts";
import { noteErased, readRetention } from "../../audit/tables/retention.ts";
import type { OrderStorage } from "../order-storage.ts";
import { dropEvidenceBetween } from "../tables/joint/old-evidence.ts";

/** Entries looked through at one time, so that nothing else waits for long. */
export const ERASED_AT_ONCE = 500;
export const RETENTION_YEARS = { least: 1, most: 30, usual: 7 } as const;

/**
 * Erases what is older than its owner keeps: what opens the private values of the log's entries, and the
 * evidence of orders. Only what the owner's PC has exported goes, in slices and in the order of the log.
 * Entries, tree and proofs stay as they are; a verdict says that values were erased. True when more is
 * due.
 */
export function eraseOldRecords(
  storage: OrderStorage,
  nowMs: number,
  audit: (event: NewAuditEvent) => number,
): boolean {
  return storage.transactionSync(() => {
    const { sql } = storage;
    const { years, exported_through: exported, erased_through: erased } = readRetention(sql);
    const old = firstSince(sql, yearsBefore(nowMs, years)) - 1;
    const due = Math.min(old, exported);
    if (due <= erased) return false;
    const through = Math.min(due, erased + ERASED_AT_ONCE);
    const values = eraseSaltsBetween(sql, erased, through);
    const orders = dropEvidenceBetween(sql, erased, through);
    noteErased(sql, through);
    if (values + orders > 0) audit(purged(nowMs, { erased, through, values, orders, years }));
    return through < due;
  });
}

/** The same day of an earlier year, in UTC; the last of February for the 29th. */
function yearsBefore(nowMs: number, years: number): number {
  const then = new Date(nowMs);
  const month = then.getUTCMonth();
  then.setUTCFullYear(then.getUTCFullYear() - years);
  if (then.getUTCMonth() !== month) then.setUTCDate(0);
  return then.getTime();
}

function purged(
  nowMs: number,
  did: { erased: number; through: number; values: number; orders: number; years: number },
): NewAuditEvent {
  return auditEvent({
    type: "log.purged",
    startedAt: nowMs,
    endedAt: nowMs,
    who: { kind: "gateway", subject: null, client_id: null, sidecar_id: null },
    meta: {
      from_seq: String(did.erased + 1),
      through_seq: String(did.through),
      values: String(did.values),
      orders: String(did.orders),
      years: String(did.years),
    },
  });
}
